import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { PUBLISHED, packInto } from "../../scripts/pack.ts";

const TEMPLATES = fileURLToPath(new URL("projects", import.meta.url));
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const env = (folder: string, more: NodeJS.ProcessEnv = {}) => ({
  ...process.env,
  // Programs of npm start whatever is called `node`.
  PATH: [join(folder, "node_modules/.bin"), dirname(process.execPath), process.env.PATH].join(delimiter),
  NEXT_TELEMETRY_DISABLED: "1",
  ...more,
});

/** A project of a user: a folder outside of this repository, with the packed packages installed in it. */
export interface Project {
  folder: string;
  /** Runs a program of the project and gives what it says. @throws Error with all that it said when it fails; its `cause` has the exit `code`. */
  run(command: string, args: string[], more?: NodeJS.ProcessEnv): Promise<string>;
  /** Starts a server of the project, and waits until it says that it listens. Returns what stops it. */
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
    let said = "";
    await new Promise<void>((resolve, reject) => {
      child.stdout.on("data", (chunk) => {
        said += chunk;
        if (ready.test(said)) resolve();
      });
      exit.then(() => reject(new Error(`${command} ${args.join(" ")} ended:\n${said}`)));
    });
    return async () => {
      child.kill();
      await exit;
    };
  },
});

/** Packs the packages and makes projects of templates, each with them installed as from the registry. */
export const createProjects = async <Name extends string>(
  ...names: Name[]
): Promise<{ projects: Record<Name, Project>; remove(): Promise<void> }> => {
  const home = await mkdtemp(join(tmpdir(), "tidemark-projects-"));
  const [command, ...args] = packInto(home);
  await promisify(execFile)(command, args, { cwd: ROOT, env: env(ROOT) });

  const create = async (name: Name) => {
    const folder = join(home, name);
    await mkdir(folder);
    await cp(join(TEMPLATES, name), folder, { recursive: true });
    // None of the packages is on the registry yet, wherever it is depended on.
    const overrides = PUBLISHED.map((name) => [`@tidemark/${name}`, `file:${join(home, `tidemark-${name}.tgz`)}`]);
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
