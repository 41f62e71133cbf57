import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineCommand, runCommand } from "@tidemark/cli/command-line";
import { bundleScriptTag, integrityOf } from "./bundle/script-tag.ts";

const root = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** Folder of earlier versions that the Worker still serves. */
const EARLIER = root("script-tags");

/** Folder of static assets that the Worker serves and the collector's package contains. */
const ASSETS = root("packages/collector/dist/assets");

const read = (path: string) => readFileSync(path, "utf8");

/**
 * Writes a folder's files, and removes all others. It leaves unchanged files alone, because a server may be reading
 * them.
 */
const writeFolder = (folder: string, files: Record<string, string>) => {
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    const path = `${folder}/${name}`;
    if (!existsSync(path) || read(path) !== content) writeFileSync(path, content);
  }
  for (const name of globSync("*", { cwd: folder })) if (!(name in files)) rmSync(`${folder}/${name}`, { force: true });
};

/**
 * Builds the assets:
 *
 * - `tidemark.js`: the script tag;
 * - `tidemark-v<version>*.js`: the same script tag and the files that it loads;
 * - `tidemark-stub.js`: the stub;
 * - `tidemark.json`: the integrity of each file;
 * - the earlier versions in `script-tags/`.
 */
const build = defineCommand({
  name: "node scripts/build.ts",
  summary: "Builds the script tag into packages/collector/dist/assets, and prints the integrity of each file.",
  flags: {},
  examples: [["node scripts/build.ts", "Wrangler runs this before each start and each deployment."]],
  async run() {
    const { version, tag, files: scripts } = await bundleScriptTag();
    const integrity = Object.fromEntries(Object.entries(scripts).map(([name, code]) => [name, integrityOf(code)]));
    writeFolder(ASSETS, {
      ...Object.fromEntries(
        globSync("tidemark-v*.js", { cwd: EARLIER }).map((name) => [name, read(`${EARLIER}/${name}`)]),
      ),
      ...scripts,
      "tidemark.js": scripts[tag] ?? "",
      "tidemark.json": `${JSON.stringify({ version, tag, integrity }, null, 2)}\n`,
      _headers: read(root("scripts/bundle/script-tag-headers.txt")),
    });
    console.log(`script tag ${version}`);
    for (const [name, value] of Object.entries(integrity)) console.log(`  ${name.padEnd(40)} ${value}`);
    return 0;
  },
});

await runCommand(build);
