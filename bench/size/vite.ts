import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packPackages } from "../../tests/e2e/pack-packages.ts";
import { createProjects } from "../../tests/e2e/projects.ts";
import { brotliBytes } from "./brotli.ts";

/** A script of the project, which builds each program separately for production, with Vite's default settings. */
const BUILD = `
  import { build } from "vite";
  for (const name of process.argv.slice(2)) {
    const output = { entryFileNames: "[name].js" };
    const rolldownOptions = { input: name + ".js", output };
    await build({ logLevel: "warn", configFile: false, build: { outDir: "built/" + name, rolldownOptions } });
  }
`;

/**
 * Builds programs with Vite in a project with the packed packages installed, and compresses them with brotli 11.
 *
 * @param programs The code of each program.
 * @returns Bytes of each program, in the same order.
 */
export const viteBrotliBytes = async (programs: string[]): Promise<number[]> => {
  const packed = await packPackages();
  const { projects, remove } = await createProjects(packed.folder, "vite");
  try {
    const { folder, run } = projects.vite;
    const names = programs.map((_, index) => `program-${index}`);
    for (const [index, name] of names.entries()) writeFileSync(join(folder, `${name}.js`), programs[index] ?? "");
    writeFileSync(join(folder, "build.js"), BUILD);
    await run(process.execPath, ["build.js", ...names]);
    return names.map((name) => brotliBytes(name, readFileSync(join(folder, `built/${name}/${name}.js`), "utf8")));
  } finally {
    await remove();
    await packed.remove();
  }
};
