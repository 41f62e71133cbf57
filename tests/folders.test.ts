import { globSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The folders of the repository from the lowest rank to the highest: each imports only its own files and those of lower ranks. */
const RANKS = [/^packages\/\w+\/src\//, /^(scripts|examples)\//, /^(tests|packages\/\w+\/test)\//, /^bench\//];

const rankOf = (file: string) => RANKS.findIndex((folder) => folder.test(file));

const imports = globSync("{packages/*/{src,test},scripts,examples,tests,bench}/**/*.{ts,tsx}", {
  cwd: ROOT,
  exclude: ["**/node_modules/**", "**/dist/**", "tests/e2e/projects/**"],
}).flatMap((file) =>
  [...readFileSync(`${ROOT}${file}`, "utf8").matchAll(/(?:\bfrom |\bimport\()"(\.[^"]+)"/g)].map(([, path = ""]) => ({
    file,
    target: posix.join(file, "..", path),
  })),
);

it("packages, scripts, tests and bench import only downwards", () => {
  expect(imports.filter(({ file, target }) => rankOf(file) > rankOf(target)).length).toBeGreaterThan(100);
  expect(imports.filter(({ file, target }) => rankOf(file) < rankOf(target))).toEqual([]);
});
