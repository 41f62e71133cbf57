import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createProjects } from "../../tests/e2e/projects.ts";
import { brotliBytes } from "./brotli.ts";

/** Runs in the project: builds each program by itself, for production, as Vite does without further settings. */
const BUILD = `
  import { build } from "vite";
  for (const name of process.argv.slice(2)) {
    const output = { entryFileNames: "[name].js" };
    const rolldownOptions = { input: name + ".js", output };
    await build({ logLevel: "warn", configFile: false, build: { outDir: "built/" + name, rolldownOptions } });
  }
`;

/**
 * Bytes of programs after brotli 11, built by Vite in a project of a user, in which the packed packages are installed.
 *
 * @param programs The code of each program, in the order of the answer.
 */
export const viteBrotliBytes = async (programs: string[]): Promise<number[]> => {
  const { projects, remove } = await createProjects("vite");
  try {
    const { folder, run } = projects.vite;
    const names = programs.map((_, index) => `program-${index}`);
    for (const [index, name] of names.entries()) writeFileSync(join(folder, `${name}.js`), programs[index] ?? "");
    writeFileSync(join(folder, "build.js"), BUILD);
    await run(process.execPath, ["build.js", ...names]);
    return names.map((name) => brotliBytes(name, readFileSync(join(folder, `built/${name}/${name}.js`), "utf8")));
  } finally {
    await remove();
  }
};
