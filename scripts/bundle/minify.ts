import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type MinifyOptions, minify } from "terser";

/** Folder with the results of earlier calls, by the hash of their input. */
const CACHE = fileURLToPath(new URL("../../node_modules/.cache/minified", import.meta.url));

/** Greatest number of results in the cache: those of about thirty builds of the script tag. */
const MAX_RESULTS = 300;

/** Minified code with its source map: JSON that names the module and the place of each piece. */
export interface MinifiedCode {
  code: string;
  map: string;
}

const removeOldResults = async (): Promise<void> => {
  const paths = (await readdir(CACHE)).map((name) => `${CACHE}/${name}`);
  if (paths.length <= MAX_RESULTS) return;
  // Another process may remove the same files.
  const ages = await Promise.all(
    paths.map((path) =>
      stat(path)
        .then(({ mtimeMs }) => mtimeMs)
        .catch(() => 0),
    ),
  );
  const byAge = paths.map((path, index) => ({ path, time: ages[index] as number })).sort((a, b) => b.time - a.time);
  await Promise.all(byAge.slice(MAX_RESULTS / 2).map(({ path }) => rm(path, { force: true })));
};

/**
 * Minifies code with terser, once for each input. Terser takes most of the time of a build, and has the same result for
 * the same input. Each start of a local collector builds the script tag.
 *
 * @param options Options for terser, as JSON.
 */
export const minifyOnce = async (code: string, options: MinifyOptions): Promise<MinifiedCode> => {
  // The path of terser contains its version.
  const input = JSON.stringify([import.meta.resolve("terser"), code, options]);
  const path = `${CACHE}/${createHash("sha256").update(input).digest("hex")}.json`;
  const known = await readFile(path, "utf8").catch(() => undefined);
  if (known !== undefined) return JSON.parse(known);
  const { code: minified = "", map } = await minify(code, options);
  const result: MinifiedCode = { code: minified, map: `${map}` };
  await mkdir(CACHE, { recursive: true });
  // Another process may read the file meanwhile.
  const partial = `${path}.${randomUUID()}`;
  await writeFile(partial, JSON.stringify(result));
  await rename(partial, path);
  await removeOldResults();
  return result;
};
