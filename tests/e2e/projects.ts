import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { PUBLISHED } from "../../scripts/pack.ts";

const TEMPLATES = fileURLToPath(new URL("projects", import.meta.url));

const env = (folder: string, more: NodeJS.ProcessEnv = {}) => ({
  ...process.env,
  // Scripts of npm packages start the first `node` in PATH.
  PATH: [join(folder, "node_modules/.bin"), dirname(process.execPath), process.env.PATH].join(delimiter),
  NEXT_TELEMETRY_DISABLED: "1",
  ...more,
});

/** A user's project: a folder outside of this repository, with the packed packages installed. */
export interface Project {
  folder: string;
  /**
   * Runs a program of the project, and returns its standard output.
   *
   * @throws Error with all output when it fails; its `cause` has the exit `code`.
   */
  run(command: string, args: string[], more?: NodeJS.ProcessEnv): Promise<string>;
  /** Starts a server of the project, and waits until its output matches `ready`. Returns a function that stops it. */
  serve(command: string, args: string[], ready: RegExp): Promise<() => Promise<void>>;
}

const projectIn = (folder: string): Project => ({
  folder,
  async run(command, args, more) {
    try {
      return (await promisify(execFile)(command, args, { cwd: folder, env: env(folder, more) })).stdout;
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      throw new Error(`${command} ${args.join(" ")} failed in ${folder}:\n${stdout}${stderr}`, { cause: error });
    }
  },
  async serve(command, args, ready) {
    const child = spawn(command, args, { cwd: folder, env: env(folder), stdio: ["ignore", "pipe", "inherit"] });
    const exit = once(child, "exit");
    let output = "";
    await new Promise<void>((resolve, reject) => {
      child.stdout.on("data", (chunk) => {
        output += chunk;
        if (ready.test(output)) resolve();
      });
      exit.then(() => reject(new Error(`${command} ${args.join(" ")} exited:\n${output}`)));
    });
    return async () => {
      child.kill();
      await exit;
    };
  },
});

/**
 * Creates projects from templates with the packed packages installed.
 *
 * @param packed Folder with the packed packages.
 */
export const createProjects = async <Name extends string>(
  packed: string,
  ...names: Name[]
): Promise<{ projects: Record<Name, Project>; remove(): Promise<void> }> => {
  const home = await mkdtemp(join(tmpdir(), "tidemark-projects-"));

  const create = async (name: Name) => {
    const folder = join(home, name);
    await mkdir(folder);
    await cp(join(TEMPLATES, name), folder, { recursive: true });
    // The overrides also apply to dependencies between the packages, which are not on the registry yet.
    const overrides = PUBLISHED.map((name) => [`@tidemark/${name}`, `file:${join(packed, `tidemark-${name}.tgz`)}`]);
    const settings = {
      packages: [],
      overrides: Object.fromEntries(overrides),
      allowBuilds: { esbuild: true, "msgpackr-extract": false, sharp: false, workerd: true },
    };
    await writeFile(join(folder, "pnpm-workspace.yaml"), JSON.stringify(settings));
    const project = projectIn(folder);
    await project.run("npx", ["--yes", "pnpm@12.21.0", "install", "--prefer-offline"]);
    return [name, project] as const;
  };
  return {
    projects: Object.fromEntries(await Promise.all(names.map(create))) as Record<Name, Project>,
    remove: () => rm(home, { recursive: true, force: true, maxRetries: 5 }),
  };
};
