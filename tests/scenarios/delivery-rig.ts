import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { serveSite, startLocalStack } from "@tidemark/cli/local-stack";
import getPort from "get-port";
import { EXAMPLE_SITE } from "../../scripts/example-site.ts";
import { readVector } from "../../scripts/visit/scripted-visit.ts";
import { type Browser, type BrowserName, startBrowser, type Tab } from "../browsers/browser.ts";
import { holds } from "../browsers/holds.ts";
import { startFaultyProxy } from "./faulty-proxy.ts";
import type { Scenario, ScenarioTools } from "./scenarios.ts";

/** Time limit for a page to start, and for the last event to arrive after a scenario, in milliseconds. */
const TIMEOUT_MS = 30_000;

/** The result of a scenario. */
export interface Outcome {
  /** Number of events that the pages tracked. */
  tracked: number;
  /** Number of stored events. It exceeds `tracked` if an event was stored twice. */
  stored: number;
  /** Number of duplicates that arrived and were not stored. */
  duplicates: number;
}

/** A real collector, against which scenarios run in real browsers. */
export interface DeliveryRig {
  /**
   * Runs a scenario on a new site, through a new {@link FaultyProxy}, in the rig's browser of that name: one scenario at a
   * time. A scenario that kills the browser has its own.
   */
  run(browser: BrowserName, scenario: Scenario): Promise<Outcome>;
  stop(): Promise<void>;
}

const PAGES = fileURLToPath(new URL("pages", import.meta.url));

/** Starts the collector and creates the rig. */
export const startDeliveryRig = async (): Promise<DeliveryRig> => {
  const stack = await startLocalStack({ site: EXAMPLE_SITE });
  const browsers = new Map<BrowserName, Promise<Browser>>();
  const sharedBrowser = (name: BrowserName): Promise<Browser> => {
    const browser = browsers.get(name) ?? startBrowser(name);
    browsers.set(name, browser);
    return browser;
  };

  /** Waits until the tab shows that page, with a tracker. */
  const untilReady = async (tab: Tab, page: string) => {
    const isReady = () => holds(tab, `location.href === ${JSON.stringify(page)} && !!window.tidemark?.flush`);
    for (const deadline = Date.now() + TIMEOUT_MS; !(await isReady()); await sleep(20))
      if (Date.now() > deadline) throw new Error(`${page} had no tracker within ${TIMEOUT_MS} ms`);
  };

  return {
    async run(name, { prepare, run, tracked, crashes }) {
      const proxy = await startFaultyProxy(stack.collector.origin);
      const site = await serveSite(PAGES, { port: await getPort(), collector: proxy.origin });
      const profile = await mkdtemp(join(tmpdir(), "tidemark-delivery-"));
      let browser = await (crashes ? startBrowser(name, profile) : sharedBrowser(name));
      let tabs: Tab[] = [];

      const at = (page: string) => `${site.origin}/${page}`;
      const newTab = async () => {
        const tab = await browser.newTab();
        tabs.push(tab);
        return tab;
      };
      const tools: ScenarioTools = {
        proxy,
        async open(page = "page.html") {
          const tab = await newTab();
          await tab.goto(at(page));
          await untilReady(tab, at(page));
          return tab;
        },
        async openTogether(count) {
          const tabsToLoad = [];
          for (let left = count; left > 0; left -= 1) tabsToLoad.push(await newTab());
          const start = Date.now() + 500;
          for (const tab of tabsToLoad)
            await tab.run(`setTimeout(() => { location.href = "${at("page.html")}"; }, ${start} - Date.now())`);
          for (const tab of tabsToLoad) await untilReady(tab, at("page.html"));
        },
        async navigate(tab, page) {
          await tab.run(`location.href = "${at(page)}"`);
          await untilReady(tab, at(page));
        },
        track: (tab, count, from = 0, bytes = 0) =>
          tab.run(`
            const text = "x".repeat(${bytes});
            for (let number = ${from}; number < ${from + count}; number += 1)
              tidemark.track("numbered", { number, ...(text && { text }) });
          `),
        async end(tab, how = "close") {
          tabs = tabs.filter((other) => other !== tab);
          await tab[how]();
        },
        async crash() {
          if (!crashes) throw new Error("this scenario kills the browser of others; expected it to have crashes: true");
          await browser.kill();
          tabs = [];
          browser = await startBrowser(name, profile);
        },
      };

      try {
        const first = await newTab();
        await prepare?.(first, site.origin);
        await first.goto(at("page.html"));
        await untilReady(first, at("page.html"));
        const session = await first.run<string>("return tidemark.sessionId");
        const read = async () => {
          const vector = await readVector(stack, session).catch(() => undefined);
          return {
            stored: Number(vector?.features.custom_event_count ?? 0),
            duplicates: vector?.delivery.duplicates ?? 0,
          };
        };
        await run(tools, first);

        // Waits until no page has unacknowledged events: a duplicate may arrive after the stored event.
        const isFlushed = async () => {
          let isDone = true;
          for (const tab of tabs)
            isDone = (await tab.run<boolean>("return tidemark.flush().then(() => true, () => false)")) && isDone;
          return isDone;
        };
        for (const deadline = Date.now() + TIMEOUT_MS; Date.now() < deadline; await sleep(200))
          if ((await isFlushed()) && (await read()).stored >= tracked) break;
        return { tracked, ...(await read()) };
      } finally {
        if (crashes) await browser.stop();
        else for (const tab of tabs) await tab.close();
        await site.stop();
        await proxy.stop();
        await rm(profile, { recursive: true, force: true, maxRetries: 5 });
      }
    },
    async stop() {
      for (const browser of browsers.values()) await (await browser).stop();
      await stack.stop();
    },
  };
};
