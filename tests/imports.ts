import { globSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** A static or dynamic import in a file of the repository, or an export from another module. */
export interface Import {
  /** Path of the file, relative to the root of the repository. */
  from: string;
  /** The module specifier in the file. */
  specifier: string;
  /** Path of the module, relative to the root of the repository; `undefined` for a module of another package. */
  target: string | undefined;
  /** Whether it imports types only. */
  typeOnly: boolean;
}

const STATIC = /^(?:import|export)\b(?<clause>[^;"]*?)\bfrom "(?<specifier>[^"]+)"/gms;
const BARE = /^import "(?<specifier>[^"]+)"/gm;
const DYNAMIC = /(?<!typeof )\bimport\("(?<specifier>[^"]+)"\)/g;

/** Returns all imports of the files that a glob matches, except for installed and built files. */
export const importsIn = (glob: string): Import[] =>
  globSync(glob, { cwd: ROOT, exclude: ["**/node_modules/**", "**/dist/**", "tests/e2e/projects/**"] }).flatMap(
    (from) => {
      const code = readFileSync(`${ROOT}${from}`, "utf8");
      return [STATIC, BARE, DYNAMIC].flatMap((pattern) =>
        [...code.matchAll(pattern)].map(({ groups: { clause = "", specifier = "" } = {} }) => ({
          from,
          specifier,
          target: specifier.startsWith(".") ? posix.join(from, "..", specifier) : undefined,
          typeOnly: /^\s+type\b/.test(clause),
        })),
      );
    },
  );
