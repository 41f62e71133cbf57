import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startChromium } from "@tidemark/cli/chromium";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { unstable_startWorker as startWorker } from "wrangler";
import { firstSessionEvents } from "../../packages/engine/test/session-events.ts";
import { filesIn, outputIn, readDocs } from "./code-in-docs.ts";
import { createProjects, type Project } from "./projects.ts";

const EVENTS = 300;

let setup: Awaited<ReturnType<typeof createProjects<"engine">>>;
let project: Project;

beforeAll(async () => {
  setup = await createProjects(inject("packed"), "engine");
  project = setup.projects.engine;
  writeFileSync(join(project.folder, "log.json"), JSON.stringify(firstSessionEvents(EVENTS)));
});
afterAll(() => setup?.remove());

describe("the packed engine, in a project with only the schema package", () => {
  it.each([
    ["features.md", "features.ts"],
    ["sql.md", "sql.ts"],
  ])("runs the program of docs/%s, and prints the output in the page", async (page, path) => {
    const { folder, run } = project;
    expect(readdirSync(join(folder, "node_modules/@tidemark")).sort()).toEqual(["engine", "schema"]);
    const docs = readDocs(page);
    const [program] = filesIn(docs);
    expect(program?.path).toBe(path);
    writeFileSync(join(folder, path), program?.code ?? "");
    await run("tsc", []);
    expect(await run(process.execPath, [path])).toBe(outputIn(docs));
  });

  describe("returns the same results", () => {
    let inNode: unknown;
    beforeAll(async () => {
      const program = 'import { results } from "./results.ts"; console.log(JSON.stringify(results()))';
      inNode = JSON.parse(await project.run(process.execPath, ["--input-type=module", "--eval", program]));
      expect(inNode).toMatchObject({ live: { event_count: EVENTS } });
    });

    it("in the Workers runtime as in Node", async () => {
      // Otherwise the runtime requests the location of the client (`request.cf`) from the network.
      vi.stubEnv("CLOUDFLARE_CF_FETCH_ENABLED", "false");
      const worker = await startWorker({
        config: join(project.folder, "wrangler.toml"),
        dev: { server: { port: 0 }, inspector: false, watch: false, logLevel: "error" },
      });
      try {
        const response = await worker.fetch("http://worker/");
        expect(await response.json()).toEqual(inNode);
      } finally {
        await worker.dispose();
      }
    });

    it("in Chromium as in Node", async () => {
      const [chromium, { outputFiles }] = await Promise.all([
        startChromium(),
        build({
          entryPoints: [join(project.folder, "results.ts")],
          bundle: true,
          format: "iife",
          globalName: "program",
          write: false,
        }),
      ]);
      try {
        const page = await chromium.context.newPage();
        const results = await page.evaluate<string>(`${outputFiles[0]?.text} JSON.stringify(program.results())`);
        expect(JSON.parse(results)).toEqual(inNode);
      } finally {
        await chromium.stop();
      }
    });
  });
});
