import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type BatchResponse, defaultFeatures, parseFeatures } from "@tidemark/schema";
import getPort from "get-port";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { commands } from "../../packages/cli/src/commands/index.ts";
import { readVector } from "../../scripts/visit/scripted-visit.ts";
import { filesIn, readDocs } from "./code-in-docs.ts";
import { createProjects, type Project } from "./projects.ts";

let setup: Awaited<ReturnType<typeof createProjects<"deployment">>>;
let project: Project;

/** Returns the files of the deployment in docs/deploy.md, by name. */
const documented = (): Record<string, string> =>
  Object.fromEntries(filesIn(readDocs("deploy.md")).map(({ path, code }) => [path, code]));

const write = (name: string, text: string) => writeFileSync(join(project.folder, name), text);

/** Changes the configuration, calls a function, and restores the configuration. */
const withConfig = async <T>(from: string, to: string, run: () => Promise<T>): Promise<T> => {
  const { "tidemark.config.ts": config = "" } = documented();
  expect(config).toContain(from);
  write("tidemark.config.ts", config.replace(from, to));
  return run().finally(() => write("tidemark.config.ts", config));
};

/** Returns a free port whose next port is also free. */
const freePair = async (): Promise<number> => {
  const port = await getPort();
  return (await getPort({ port: [port + 1] })) === port + 1 ? port : freePair();
};

const tidemark = (...args: string[]) => project.run("tidemark", args);

/** Runs a command that must fail, and returns its exit code and output. */
const failureOf = async (...args: string[]): Promise<{ code: number; output: string }> => {
  const error: Error = await tidemark(...args).then(
    () => new Error("expected the command to fail"),
    (error) => error,
  );
  return { code: (error.cause as { code: number } | undefined)?.code ?? 0, output: error.message };
};

beforeAll(async () => {
  setup = await createProjects(inject("packed"), "deployment");
  project = setup.projects.deployment;
  for (const [name, text] of Object.entries(documented())) write(name, text);
});
afterAll(() => setup?.remove());

describe("the deployment in docs/deploy.md, with the packed packages", () => {
  it("consists of three files, which type-check", async () => {
    expect(Object.keys(documented()).sort()).toEqual(["tidemark.config.ts", "worker.ts", "wrangler.toml"]);
    await project.run("tsc", []);
  });

  it("passes `tidemark config check` and all checks of `tidemark test`", async () => {
    expect(await tidemark("config", "check")).toContain(`site shop   ${defaultFeatures.length} features: `);
    expect((await tidemark("test")).trim().split("\n").at(-1)).toBe("6 passed, 0 failed");
  });

  it("runs with `tidemark dev`: serves the script tag and a site, accepts a batch, returns its vector, and reloads", async () => {
    write(".dev.vars", "SHOP_READ_KEY=read_key\nADMIN_KEY=admin_key\n");
    await mkdir(join(project.folder, "pages"));
    write("pages/index.html", '<script async src="http://localhost:8787/tidemark.js"></script>');
    const port = await freePair();
    const origin = `http://localhost:${port}`;
    const stop = await project.serve("tidemark", ["dev", "--port", `${port}`, "--site", "pages"], /Ctrl-C/);
    try {
      const text = async (path: string) => (await fetch(`${origin}${path}`)).text();
      const { tag, integrity } = JSON.parse(await text("/tidemark.json"));
      const hash = createHash("sha384").update(await text("/tidemark.js"));
      expect(integrity[tag]).toBe(`sha384-${hash.digest("base64")}`);
      expect(await (await fetch(`http://localhost:${port + 1}/`)).text()).toContain(`src="${origin}/tidemark.js"`);

      const session = `shop.${crypto.randomUUID()}`;
      const response = await fetch(`${origin}/v1/events`, {
        method: "POST",
        headers: { origin: "https://shop.example" },
        body: JSON.stringify({
          ...{ v: 1, key: "tm_shop_3f9c1e7ab2d84056", sent_at: Date.now(), session_id: session, sdk: "test/1" },
          ...{ anonymous_id: "anonymous1", tab_id: "tab0000001", views: [] },
          events: [{ type: "custom", seq: 0, time: Date.now(), name: "bought" }],
        }),
      });
      expect((await response.json()) as BatchResponse).toMatchObject({ accepted: 1, duplicates: 0, rejected: [] });
      const readable = { collector: { origin }, readKey: "read_key" };
      expect((await readVector(readable, session)).features).toMatchObject({ custom_event_count: 1, event_count: 1 });

      // The command finds the collector that runs in the folder, and its key.
      expect(await failureOf("log", "query", "SELECT 1")).toMatchObject({
        code: 1,
        output: expect.stringContaining("Site shop has no log: add log: { days: 30 } to it in tidemark.config.ts."),
      });

      const definitionVersion = async () =>
        fetch(`${origin}/healthz`).then(
          async (answer) => ((await answer.json()) as { definition_version: string }).definition_version,
          () => "",
        );
      const before = await definitionVersion();
      await withConfig("features: defaultFeatures", "features: defaultFeatures.slice(0, 1)", () =>
        expect.poll(definitionVersion, { timeout: 30_000 }).toMatch(new RegExp(`^(?!${before})\\w{12}$`)),
      );
    } finally {
      await stop();
    }
    expect(await fetch(origin).catch(() => "no connection")).toBe("no connection");
  });

  it("does not deploy a feature with an unknown source, and prints the error of parseFeatures", async () => {
    const feature = {
      ...{ name: "taps", description: "Taps.", unit: "count", entity: "session", source: "tap" },
      ...{ aggregate: { type: "count" }, window: { type: "session" } },
    };
    let message = "";
    try {
      parseFeatures([feature]);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(/^feature taps: source: /);
    await withConfig("features: defaultFeatures", `features: [${JSON.stringify(feature)} as never]`, async () => {
      for (const command of [["config", "check"], ["ship", "--dry-run"], ["ship"], ["dev"], ["test"]]) {
        const { code, output } = await failureOf(...command);
        expect(code).toBe(1);
        expect(output).toContain(`\ntidemark.config.ts: ${message}\n`);
        expect(output).not.toMatch(/^ +at |Upload|wrangler/m);
      }
    });
  });

  it("builds with `tidemark ship --dry-run`, and does not deploy", async () => {
    expect(await tidemark("ship", "--dry-run")).toMatch(/are valid.*Session.*--dry-run: exiting now/s);
  });

  it("prints a help for each command, and rejects unknown flags and commands", async () => {
    expect(await tidemark("--help")).toMatch(/config check.*dev.*test.*ship/s);
    const names = commands.map(({ name }) => name.replace("tidemark ", ""));
    for (const command of names.map((name) => name.split(" "))) {
      expect(await tidemark(...command, "--help")).toContain(`Usage:\n  tidemark ${command.join(" ")}`);
      const { code, output } = await failureOf(...command, "--nonsense");
      expect(code).toBe(2);
      expect(output).toContain(`tidemark ${command.join(" ")} has no flag --nonsense; expected --`);
    }
    expect(await failureOf("deploy")).toMatchObject({
      code: 2,
      output: expect.stringContaining(`tidemark has no command "deploy"; expected ${names.join(", ")}.`),
    });
  });
});
