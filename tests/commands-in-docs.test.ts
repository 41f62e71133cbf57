import { execFile } from "node:child_process";
import { cpSync, existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { parseCommandLine } from "../packages/cli/src/command-line/parse.ts";
import { commands as tidemarkCommands } from "../packages/cli/src/commands/index.ts";
import { deploymentFolder } from "../packages/cli/test/log/run-tidemark.ts";
import { temporaryFolder } from "../packages/cli/test/temporary-folder.ts";
import { accessOf, partsOf, routeNames } from "../packages/collector/src/access/route-access.ts";
import { PUBLISHED } from "../scripts/pack.ts";
import { projects } from "../vitest.projects.ts";
import { commandsOfPage, type DocumentedCommand, documentedCommands, ROOT } from "./commands/commands-in-docs.ts";
import { WRANGLER } from "./commands/wrangler-commands.ts";
import { filesIn } from "./e2e/code-in-docs.ts";

const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

const pageOf = ({ place }: DocumentedCommand) => place.replace(/:\d+$/, "");

/** Runs a program, and returns its standard output. */
const run = async (program: string, args: string[], cwd = ROOT) =>
  (await promisify(execFile)(program, args, { cwd })).stdout;

/** A kind of command, and its check. */
interface Kind {
  /** Whether a command is of this kind. */
  is(words: readonly string[], command: DocumentedCommand): boolean;
  /** Returns the problem of a command; `undefined` when it works as it is written. */
  problemOf(words: readonly string[], command: DocumentedCommand): Promise<string | undefined> | string | undefined;
}

/** The words of a command after `npx` and `pnpm exec`, which start a program of the project. */
const programOf = (words: readonly string[]): string[] => {
  const [first, ...rest] = words.filter((word, at) => at > 1 || word !== "--yes");
  if (first === "npx") return programOf(rest);
  if (first?.startsWith("pnpm")) {
    if (rest[0] === "exec") return programOf(rest.slice(1));
    if (["tidemark", "ship"].includes(rest[0] ?? "")) return rest[0] === "ship" ? ["tidemark", ...rest] : rest;
  }
  return first === undefined ? [] : [first.replace(/^pnpm@.*/, "pnpm"), ...rest];
};

// tidemark

const argumentsOf = (command: DocumentedCommand): string[] | undefined => {
  const [program, ...rest] = programOf(command.words);
  return program === "tidemark" ? rest : undefined;
};

const findTidemark = (line: string) => tidemarkCommands.find(({ name }) => `tidemark ${line} `.startsWith(`${name} `));

/** Whether a sentence names a command or a group of commands only: it shows no arguments. */
const isMention = ({ isInline }: DocumentedCommand, line: string): boolean =>
  isInline &&
  tidemarkCommands.some(
    ({ name }) => line === "" || `${name} `.startsWith(`tidemark ${line} `) || line === "‹command›",
  );

const tidemark: Kind = {
  is: (_, command) => argumentsOf(command) !== undefined,
  problemOf(_, command) {
    const given = argumentsOf(command) ?? [];
    const line = given.join(" ");
    if (isMention(command, line) || (line === "‹command› --help" && command.isInline)) return;
    const found = findTidemark(line);
    if (!found) return `tidemark has no command ${line}`;
    parseCommandLine(found, given.slice(found.name.split(" ").length - 1));
  },
};

// Scripts of the package

const scripts = JSON.parse(read("package.json")).scripts as Record<string, string>;

const helps = new Map<string, Promise<string>>();

/** The help of a script of the repository. */
const helpOf = (file: string): Promise<string> => {
  const help = helps.get(file) ?? run(process.execPath, [file, "--help"]);
  helps.set(file, help);
  return help;
};

/** Checks the flags and names after a script against its help. */
const checkScript = async (name: string, args: readonly string[]): Promise<string | undefined> => {
  const script = scripts[name];
  if (!script) return `package.json has no script ${name}`;
  const [program, file = ""] = script.split(" ");
  if (program !== "node") return args.length ? `${name} takes no arguments` : undefined;
  if (args.length === 0) return existsSync(join(ROOT, file)) ? undefined : `package.json: there is no ${file}`;
  const help = await helpOf(file);
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  const files = args.slice(end + 1);
  const isKnown = (word: string) => word.startsWith("‹") || help.includes(`\n  ${word} `);
  const unknown = args.slice(0, end).filter((word) => !isKnown(word));
  if (unknown.length) return `${name} does not accept ${unknown.join(", ")}`;
  const project = name === "test" && projects[args[0] as keyof typeof projects];
  const tested = project ? globSync(project.include, { cwd: ROOT }) : [];
  const missing = files.filter((word) => !tested.some((path) => path.includes(word)));
  if (missing.length) return `no test file of the project has ${missing.join(", ")} in its path`;
};

const pnpm: Kind = {
  is: (words) => words[0] === "pnpm",
  problemOf(words) {
    const [, ...args] = words;
    if (args[0] === "--dir") {
      const manifest = JSON.parse(read(`${args[1]}/package.json`));
      return manifest.scripts[args[2] ?? ""] ? undefined : `${args[1]} has no script ${args[2]}`;
    }
    if (args[0] === "--filter") {
      const [, packages = ""] = /^\.\/packages\/\{(.*)\}$/.exec(args[1] ?? "") ?? [];
      const unknown = packages.split(",").filter((name) => !(PUBLISHED as readonly string[]).includes(name));
      // The end-to-end tests pack with these arguments.
      if (args.slice(2).join(" ") !== "pack --out /tmp/%s.tgz") return "expected the arguments of scripts/pack.ts";
      return unknown.length ? `no published package ${unknown}` : undefined;
    }
    const isRun = args[0] === "run";
    // Without `run`, these names are commands of pnpm.
    if (!isRun && ["deploy", "docs", "pack", "publish"].includes(args[0] ?? ""))
      return `pnpm has a command ${args[0]} of its own`;
    const [name = "", ...rest] = args.slice(isRun ? 1 : 0);
    return checkScript(name, rest);
  },
};

// Requests

/** Options of curl that take a value. */
const WITH_VALUE = ["-H", "-d", "-X"];

const curl: Kind = {
  is: (words) => words[0] === "curl" && !words.some((word) => /^http:\/\/localhost:(8080|8790)\//.test(word)),
  problemOf(words) {
    let method = "GET";
    let url = "";
    for (let at = 1; at < words.length; at += 1) {
      const word = words[at] ?? "";
      if (word === "-X") method = words[at + 1] ?? "";
      if (word === "-d" && method === "GET") method = "POST";
      if (WITH_VALUE.includes(word)) at += 1;
      else if (!word.startsWith("-")) url = word;
    }
    const { pathname, searchParams } = new URL(
      url.replace("$COLLECTOR", "https://collector.example").replaceAll(/‹[\w-]+›/g, "ann"),
    );
    const route = routeNames.find((name) => {
      const [verb, path] = partsOf(name);
      return verb === method && new RegExp(`^${path.replace(/:\w+(\{.+\})?/g, "[^/]+")}$`).test(pathname);
    });
    if (!route) return `the collector has no route ${method} ${pathname}`;
    const allowed = accessOf(route).parameters;
    const unknown = [...searchParams.keys()].filter((name) => allowed && !allowed.includes(name));
    return unknown.length ? `${route} has no parameter ${unknown}` : undefined;
  },
};

// Wrangler

const wrangler: Kind = {
  is: (words) => words[0] === "wrangler",
  problemOf([, ...args]) {
    const line = args.join(" ");
    const name = Object.keys(WRANGLER).find((each) => `${line} `.startsWith(`${each} `));
    if (!name)
      return `${line} is not in tests/commands/wrangler-commands.ts, which an interop test compares with Wrangler`;
    const flags = args.filter((word) => word.startsWith("-"));
    const unknown = flags.filter((flag) => !WRANGLER[name]?.includes(flag));
    return unknown.length ? `wrangler ${name} has no ${unknown}` : undefined;
  },
};

// Files of the repository

/** Sources of the tests against real tools, which install them with these versions. Extras of a package are left out. */
const interop = () =>
  globSync("{packages/*/test,tests}/**/*.interop.ts", { cwd: ROOT })
    .map(read)
    .join("\n")
    .replaceAll(/\[\w+\](?===)/g, "");

/** The path of a file that a command names, from the page's folder or from the root. */
const isInRepository = (path: string, command: DocumentedCommand) =>
  [ROOT, join(ROOT, dirname(pageOf(command)))].some((folder) => globSync(path, { cwd: folder }).length > 0);

/** Packages for the reader's eyes alone: the test of the notebook runs it without an editor. */
const EDITORS = ["jupyterlab"];

const pip: Kind = {
  is: (words) => words[0] === "pip" && words[1] === "install",
  problemOf(words, command) {
    const sources = interop();
    const missing = words
      .slice(2)
      .filter((word) =>
        word.includes("/")
          ? !isInRepository(`${word}/pyproject.toml`, command)
          : !EDITORS.includes(word) && !sources.includes(word),
      );
    return missing.length ? `no test installs ${missing.join(", ")}` : undefined;
  },
};

const python: Kind = {
  is: (words) => words[0] === "python" || (words[0] === "jupyter" && words[1] === "lab"),
  problemOf(words, command) {
    const path = words.find((word) => /\.(py|ipynb)$/.test(word)) ?? "";
    return isInRepository(path, command) ? undefined : `there is no ${path}`;
  },
};

const node: Kind = {
  is: (words) => words[0] === "node",
  problemOf([, path = ""], command) {
    const shown = filesIn(read(pageOf(command))).some((file) => file.path === path);
    return shown || existsSync(join(ROOT, path)) ? undefined : `neither the page nor the repository has ${path}`;
  },
};

const npm: Kind = {
  is: (words) => words[0] === "npm",
  problemOf([, name, ...args]) {
    if (name !== "install")
      return ["init --yes", "pkg set type=module"].includes([name, ...args].join(" ")) ? undefined : "unknown";
    const packages = args.flatMap(
      (word) => /^\/tmp\/tidemark-\{?([\w,]+)\}?\.tgz$/.exec(word)?.[1]?.split(",") ?? word,
    );
    const unknown = packages.filter((each) => ![...PUBLISHED, "wrangler@4"].includes(each as never));
    return unknown.length ? `no published package ${unknown}` : undefined;
  },
};

/** The sed and openssl commands of the pages run below; the copies of files in an end-to-end test. */
const RUN_AS_WRITTEN = /^(openssl|sed|echo) /;

/** Commands that no test of this project runs, each with the reason. */
const EXCEPTIONS: readonly [command: RegExp, reason: string][] = [
  [/^cd /, "It changes the folder for the next command."],
  [/^export /, "It sets variables for the next commands."],
  [/^(mkdir -p script-tags|cp packages\/collector\/dist)/, "It needs a build: tests/e2e/commands.test.ts runs it."],
  [/^cp examples\/serving\/mlserver\/\* model$/, "tests/serving/mlserver.interop.ts makes the same folder."],
  [
    /^curl http:\/\/localhost:8080\//,
    "It needs a server of models: tests/serving/{kserve,mlserver}.interop.ts send it.",
  ],
  [/^curl http:\/\/localhost:8790\//, "It needs the recommender: tests/serving/recommender.interop.ts sends it."],
  [/^mlserver start \.$/, "It needs MLServer: tests/serving/mlserver.interop.ts."],
  [/^feast (apply|materialize|serve)/, "It needs Feast: packages/cli/test/feast/feast.interop.ts."],
  [/^promtool check config /, "It needs Prometheus: tests/ops/prometheus.interop.ts."],
  [/^amtool (check-config|alert add|alert query)/, "It needs Alertmanager: tests/ops/prometheus.interop.ts."],
  [/^systemctl restart (prometheus|prometheus-alertmanager)$/, "It needs services of Debian's packages."],
  [/^install -m 640 -g prometheus /, "It needs the group of Debian's package."],
  [/^duckdb log\.db$/, "tests/warehouse-sinks.test.ts and the tests of `warehouse ddl` run the statements in DuckDB."],
  [/^gcloud iam service-accounts /, "It needs an account of Google Cloud."],
  [
    /^claude mcp add --transport http /,
    "It needs Claude Code; tests/agents/mcp.interop.ts connects the official client.",
  ],
  [/^(esbuild|gzip) /, "It records a release: tests/e2e/upgrade.test.ts reads the result."],
  [/^pnpm (deploy|docs)$/, "The page names it as the command that a reader must not use."],
];

const kinds: readonly Kind[] = [tidemark, pnpm, curl, wrangler, pip, python, node, npm];

const isException = (words: readonly string[]) => EXCEPTIONS.some(([command]) => command.test(words.join(" ")));

/** Returns the problem of a command, or `undefined`. */
const problemOf = async (command: DocumentedCommand): Promise<string | undefined> => {
  const words = programOf(command.words);
  if (isException(words) || RUN_AS_WRITTEN.test(command.line)) return;
  const kind = kinds.find(({ is }) => is(words, command));
  if (!kind) return "no test runs this command, and no exception names it";
  try {
    return await kind.problemOf(words, command);
  } catch (error) {
    return (error as Error).message;
  }
};

const documented = documentedCommands();

describe("the commands in the pages", () => {
  it(
    "are all checked by a test or named as an exception, and the check of each succeeds",
    async () => {
      expect(documented.length).toBeGreaterThan(300);
      const problems = await Promise.all(
        documented.map(async (command) => {
          const problem = await problemOf(command);
          return problem === undefined ? [] : [`${command.place}: ${command.words.join(" ")}: ${problem}`];
        }),
      );
      expect(problems.flat()).toEqual([]);
    },
    PATIENCE_MS,
  );

  it("need each exception", () => {
    const lines = documented.map(({ words }) => programOf(words).join(" "));
    expect(EXCEPTIONS.filter(([command]) => !lines.some((line) => command.test(line)))).toEqual([]);
    const named = EXCEPTIONS.flatMap(([, reason]) => reason.match(/(?:tests|packages)\/[\w/.{},-]+\.ts/g) ?? []);
    expect(named.length).toBeGreaterThan(8);
    expect(named.filter((path) => globSync(path, { cwd: ROOT }).length === 0)).toEqual([]);
  });

  it.each([
    ["a program without a test", "```sh\nterraform apply\n```", "no test runs this command"],
    ["an unknown flag", "```sh\nnpx tidemark log query --jsn 'SELECT 1'\n```", "has no flag --jsn"],
    ["an unknown command", "Run `npx tidemark deploy --dry-run`.", "tidemark has no command deploy"],
    ["an unknown script", "    npx --yes pnpm@12.21.0 lint\n", "package.json has no script lint"],
    ["a command of pnpm", "    pnpm deploy --dry-run\n", "pnpm has a command deploy of its own"],
    ["an unknown benchmark", "`pnpm bench speed`", "bench does not accept speed"],
    ["an unknown flag of a script", "`pnpm bench size --jsn`", "bench does not accept --jsn"],
    ["tests that do not exist", "`pnpm test unit -- nowhere`", "no test file of the project has nowhere in its path"],
    ["an unknown route", "```sh\ncurl https://collector.example/v1/vector\n```", "has no route GET /v1/vector"],
    ["an unknown parameter", "`curl https://collector.example/v1/log/tail?sites=shop`", "has no parameter sites"],
    ["an unknown command of Wrangler", "`npx wrangler deploy-all`", "is not in tests/commands/wrangler-commands.ts"],
    ["an unknown flag of Wrangler", "`npx wrangler tail --level error`", "wrangler tail has no --level"],
    ["a missing file", "`python examples/nowhere.py`", "there is no examples/nowhere.py"],
    ["a part after a continued line", "```sh\nnpx tidemark log files \\\n  --form 2026\n```", "has no flag --form"],
    ["a part after another command", "```sh\ncd out && npx tidemark alert\n```", "tidemark has no command alert"],
  ])("are rejected with %s", async (_, page, problem) => {
    const problems = await Promise.all(commandsOfPage("README.md", page).map(problemOf));
    expect(problems.filter((each) => each !== undefined)).toEqual([expect.stringContaining(problem)]);
  });
});

/** Time for commands that run one after the other, on a machine that is busy with other tests, in milliseconds. */
const PATIENCE_MS = 120_000;

/** Values in place of the names that a reader replaces, such as `<sink>`. */
const VALUES: Record<string, string> = {
  ...{
    sql: "SELECT 1",
    entity: "session",
    id: "demo.12345678",
    time: "2026-11-29",
    folder: "out",
    file: "out.parquet",
  },
  ...{
    name: "purchase",
    sink: "orders",
    alert: "TidemarkSinkDown",
    period: "2h",
    text: "Maintenance",
    duration: "7d",
    goal: "purchase",
    set: "purchase_intent",
  },
  ...{ warehouse: "duckdb", address: "./log/v1", number: "3", port: "8000", model: "purchase" },
};

/** Commands that do not read a collector: they start servers, deploy, or write many files. Other tests run them. */
const WITHOUT_COLLECTOR = /^tidemark (dev|test|ship|drill|generate-visits)$/;

describe("the commands of tidemark in the pages", () => {
  it(
    "have all arguments that they need: each gets as far as the collector",
    async () => {
      const runnable = documented.flatMap((command) => {
        const args = argumentsOf(command);
        const line = args?.join(" ") ?? "";
        const found = findTidemark(line);
        if (!args || !found || WITHOUT_COLLECTOR.test(found.name) || isMention(command, line)) return [];
        return [
          {
            place: command.place,
            args: args.map((word) => word.replaceAll(/‹([\w-]+)›/g, (_, name) => VALUES[name] ?? name)),
          },
        ];
      });
      const distinct = [...new Map(runnable.map((each) => [each.args.join(" "), each])).values()];
      expect(distinct.length).toBeGreaterThan(40);
      // The pages also name a goal of a shop.
      const goal = 'defineGoal({ name: "purchase", source: "custom" }),';
      const config = read("tidemark.config.ts").replace("goals: [", `goals: [${goal}`);
      const folder = deploymentFolder(config);
      cpSync(join(ROOT, "examples/training/purchase.json"), join(folder, "examples/training/purchase.json"));
      const child = promisify(execFile)(process.execPath, [join(ROOT, "tests/commands/run-commands.ts")], {
        cwd: folder,
      });
      child.child.stdin?.end(JSON.stringify(distinct.map(({ args }) => args)));
      const lines = (await child).stdout.trim().split("\n");
      const results = JSON.parse(lines.at(-1) ?? "") as { code: number; message: string }[];
      const outcomes = distinct.map(({ place, args }, at) => ({ place, line: args.join(" "), ...results[at] }));
      const reachesCollector = /^$|has reached the collector|ENOENT|^--log: expected a folder; visits is not one/;
      expect(outcomes.filter(({ code, message = "" }) => code === 2 || !reachesCollector.test(message))).toEqual([]);
    },
    PATIENCE_MS,
  );
});

describe("commands of other programs, as the pages show them", () => {
  const linesWith = (page: string, pattern: RegExp) =>
    [...new Set(documented.filter((each) => pageOf(each) === page).map(({ line }) => line))].filter((line) =>
      pattern.test(line),
    );
  const bash = (line: string, folder: string) => run("bash", ["-euc", line], folder);

  it("make a key for Snowflake, and the secret of a webhook", async () => {
    const folder = temporaryFolder();
    const keys = linesWith("docs/sinks.md", /^openssl/);
    expect(keys).toHaveLength(2);
    const outputs: string[] = [];
    for (const line of keys) outputs.push(await bash(line, folder));
    expect(outputs.at(-1)).toMatch(/^-----BEGIN PUBLIC KEY-----/);
    const [secret = ""] = linesWith("docs/webhooks.md", /^echo/);
    expect(await bash(secret, folder)).toMatch(/^whsec_[\w+/]{43}=\n$/);
  });

  it("replace the address of the runbooks in the rules of Prometheus", async () => {
    const folder = temporaryFolder({ "alerts.yml": read("ops/prometheus/alerts.yml") });
    const [line = ""] = linesWith("ops/README.md", /^sed/);
    await bash(line.replace("/etc/prometheus/", ""), folder);
    const changed = readFileSync(join(folder, "alerts.yml"), "utf8");
    expect(changed).toContain("https://wiki.example/tidemark");
    expect(changed).not.toContain("https://tidemark.example");
  });
});
