import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type HeadlessChromium, startChromium } from "@tidemark/cli/chromium";
import { type LocalStack, serveSite, startLocalStack } from "@tidemark/cli/local-stack";
import type { Tracker } from "@tidemark/sdk";
import getPort from "get-port";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { EXAMPLE_SITE } from "../../scripts/example-site.ts";
import { readVector } from "../../scripts/visit/scripted-visit.ts";
import { filesIn, readDocs } from "./code-in-docs.ts";
import { createProjects } from "./projects.ts";

type Setup = Awaited<ReturnType<typeof createProjects<"node" | "vite" | "next">>>;

let setup: Setup;
let stack: LocalStack;
let chromium: HeadlessChromium;

beforeAll(async () => {
  [setup, stack, chromium] = await Promise.all([
    createProjects(inject("packed"), "node", "vite", "next"),
    startLocalStack({ site: EXAMPLE_SITE }),
    startChromium(),
  ]);
});
afterAll(async () => {
  await chromium?.stop();
  await stack?.stop();
  await setup?.remove();
});

/** The state of a tracker outside of a page. */
const INERT = { session: "", features: {} };

/** Opens a page, clicks its button, and returns the session's vector and the page's errors and warnings. */
const clickButton = async (link: string) => {
  const page: Page = await chromium.context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => /warning|error/.test(message.type()) && problems.push(message.text()));
  await page.goto(link, { waitUntil: "networkidle" });
  await page.click("button");
  const session = await page.evaluate(async () => {
    const { tracker } = globalThis as unknown as { tracker: Tracker };
    await tracker.flush();
    return tracker.sessionId;
  });
  await page.close();
  return { ...(await readVector(stack, session)), problems };
};

const EXPECTED = { problems: [], features: { page_view_count: 1, click_count: 1, custom_event_count: 1 } };

/** Returns the code of all scripts that a build made for browsers. */
const scripts = (folder: string, pattern: string) =>
  globSync(pattern, { cwd: folder })
    .map((path) => readFileSync(join(folder, path), "utf8"))
    .join("\n");

/** Words in the code of zod, and of signals that the projects do not import. */
const UNUSED_CODE = ["element_hover_duration", "video_play", "form_start", "web_vital", "ZodError", "invalid_union"];

const expectOnlyUsedCode = (code: string) => {
  expect(code).toContain("auxclick");
  expect(UNUSED_CODE.filter((word) => code.includes(word))).toEqual([]);
};

describe("the packed packages", () => {
  it("type-check and run in plain Node, where a tracker does nothing and does not keep the process running", async () => {
    const { run } = setup.projects.node;
    await run("tsc", []);
    expect(JSON.parse(await run(process.execPath, ["main.ts"]))).toEqual({
      ...INERT,
      signals: 11,
      required: true,
      rejected: ["target"],
      limit: 500,
    });
  });

  it("type-check, build with Vite without unused code, and measure under a strict Content Security Policy", async () => {
    const { run, folder } = setup.projects.vite;
    await run("tsc", []);
    await run("vite", ["build", "--logLevel", "warn"]);
    expectOnlyUsedCode(scripts(folder, "dist/assets/*.js"));
    expect(scripts(folder, "dist/assets/*.js")).not.toContain("an array of signals");
    const site = await serveSite(join(folder, "dist"), { port: await getPort(), collector: stack.collector.origin });
    try {
      expect(await clickButton(site.origin)).toMatchObject(EXPECTED);
    } finally {
      await site.stop();
    }
  });

  it("validate the options of a tracker in development builds with Vite", async () => {
    const { run, folder } = setup.projects.vite;
    await run("vite", ["build", "--mode", "development", "--outDir", "developed"], { NODE_ENV: "development" });
    expect(scripts(folder, "developed/assets/*.js")).toContain("an array of signals");
  });

  it("print a vector in the quick start of docs/npm.md", async () => {
    const { run, folder } = setup.projects.vite;
    const [, quickStart = ""] = /^## Quick start$(.*?)^## /ms.exec(readDocs("npm.md")) ?? [];
    const files = filesIn(quickStart);
    expect(files.map(({ path }) => path)).toEqual(["src/tracker.ts", "src/main.ts"]);
    mkdirSync(join(folder, "quick-start/src"), { recursive: true });
    writeFileSync(join(folder, "quick-start/index.html"), '<script type="module" src="/src/main.ts"></script>');
    for (const { path, code } of files)
      writeFileSync(join(folder, "quick-start", path), code.replace("http://localhost:8787", stack.collector.origin));

    await run("tsc", []);
    await run("vite", ["build", "quick-start", "--logLevel", "warn"]);
    const site = await serveSite(join(folder, "quick-start/dist"), {
      port: await getPort(),
      collector: stack.collector.origin,
    });
    try {
      const page = await chromium.context.newPage();
      const logged = page.waitForEvent("console", (message) => message.type() === "log");
      await page.goto(site.origin);
      expect(await (await logged).args()[0]?.jsonValue()).toMatchObject({ page_view_count: 1, custom_event_count: 1 });
      await page.close();
    } finally {
      await site.stop();
    }
  });

  it.each([
    ["with the packages outside of the bundle", {}],
    ["with the packages in the bundle", { ssr: { noExternal: true } }],
    ["for a worker", { ssr: { noExternal: true, target: "webworker", resolve: { conditions: ["worker"] } } }],
  ])("do nothing in a server built by Vite %s", async (_, config) => {
    const { run, folder } = setup.projects.vite;
    writeFileSync(join(folder, "server.config.js"), `export default ${JSON.stringify(config)}`);
    await run("vite", [
      ...["build", "--config", "server.config.js", "--logLevel", "warn"],
      ...["--ssr", "src/server.ts", "--outDir", "server"],
    ]);
    expect(JSON.parse(await run(process.execPath, ["server/server.js"]))).toEqual(INERT);
  });

  it("do nothing while Next renders in Node and in the edge runtime, and measure in the browser", async () => {
    const { run, serve, folder } = setup.projects.next;
    await run("next", ["build"], { NEXT_PUBLIC_COLLECTOR: stack.collector.origin });
    expectOnlyUsedCode(scripts(folder, ".next/static/**/*.js"));
    const port = await getPort();
    const stop = await serve("next", ["start", "--port", `${port}`], /Ready/);
    try {
      const link = `http://localhost:${port}`;
      expect(await (await fetch(link)).text()).toContain("session: &quot;&quot;, features: {}");
      expect(await (await fetch(`${link}/edge`)).json()).toEqual(INERT);
      expect(await clickButton(link)).toMatchObject(EXPECTED);
    } finally {
      await stop();
    }
  });
});
