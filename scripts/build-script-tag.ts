import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bundleScriptTag, integrityOf } from "./script-tag.ts";

/**
 * Builds the folder that the Worker serves as static assets: the script tag under its moving name and, with all that it loads,
 * under the one that never changes; the stub; `tidemark.json`, which says the integrity of each file; and the versions of before
 * that are kept in `script-tags/`. Prints the integrities.
 */
const root = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const kept = root("script-tags");
const folder = root("packages/sdk/dist/assets");

const read = (path: string) => readFileSync(path, "utf8");

const { version, tag, files: scripts } = await bundleScriptTag();
const integrity = Object.fromEntries(Object.entries(scripts).map(([name, code]) => [name, integrityOf(code)]));
const files: Record<string, string> = {
  ...Object.fromEntries(globSync("tidemark-v*.js", { cwd: kept }).map((name) => [name, read(`${kept}/${name}`)])),
  ...scripts,
  "tidemark.js": scripts[tag] ?? "",
  "tidemark.json": `${JSON.stringify({ version, tag, integrity }, null, 2)}\n`,
  _headers: read(root("packages/sdk/script-tag-headers.txt")),
};

mkdirSync(folder, { recursive: true });
// What is right already is left alone: somebody may be reading it.
for (const [name, content] of Object.entries(files)) {
  const path = `${folder}/${name}`;
  if (!existsSync(path) || read(path) !== content) writeFileSync(path, content);
}
for (const name of globSync("*", { cwd: folder })) if (!(name in files)) rmSync(`${folder}/${name}`);

console.log(`script tag ${version}`);
for (const [name, value] of Object.entries(integrity)) console.log(`  ${name.padEnd(40)} ${value}`);
