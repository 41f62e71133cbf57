import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { serveSite, startLocalStack } from "@tidemark/cli/local-stack";
import getPort from "get-port";
import { EXAMPLE_SITE } from "../../scripts/example-site.ts";
import { readVector } from "../../scripts/visit/scripted-visit.ts";
import { type BrowserName, startBrowser, type Tab } from "../browsers/browser.ts";
import { startFaultyProxy } from "./faulty-proxy.ts";
import type { Scenario, ScenarioTools } from "./scenarios.ts";

/** How long the last event may take to arrive once a scenario is over, and a page to start, in milliseconds. */
const PATIENCE_MS = 30_000;

/** What came of a scenario. */
export interface Outcome {
  /** Numbered events that the page tracked. */
  tracked: number;
  /** Events stored; more than were tracked if any was stored twice. */
  stored: number;
  /** Copies that arrived again and were not stored. */
  copies: number;
}

/** A real collector, where scenarios are played in real browsers. */
export interface DeliveryRig {
  /** Plays a scenario in a browser of its own, on a site of its own, through a proxy of its own that fails when told to. */
  run(browser: BrowserName, scenario: Scenario): Promise<Outcome>;
  stop(): Promise<void>;
}

const PAGES = fileURLToPath(new URL("pages", import.meta.url));

/** Starts the collector. */
export const startDeliveryRig = async (): Promise<DeliveryRig> => {
  const stack = await startLocalStack({ site: EXAMPLE_SITE });

  /**
   * Waits until the tab shows that page, with a tracker that has settled what earlier pages left: it holds a lock until then.
   * While documents change there is none to ask.
   */
  const ready = async (tab: Tab, page: string) => {
    const isReady = () =>
      tab
        .run<boolean>(`
          if (location.href !== ${JSON.stringify(page)} || !window.tidemark?.flush) return false;
          const { held, pending } = await navigator.locks.query();
          return held.length + pending.length === 0;
        `)
        .catch(() => false);
    for (const deadline = Date.now() + PATIENCE_MS; !(await isReady()); await sleep(20))
      if (Date.now() > deadline) throw new Error(`${page} had no tracker within ${PATIENCE_MS} ms`);
  };

  return {
    async run(name, { prepare, run, tracked }) {
      const proxy = await startFaultyProxy(stack.collector.origin);
      const site = await serveSite(PAGES, { port: await getPort(), collector: proxy.origin });
      const profile = await mkdtemp(join(tmpdir(), "tidemark-delivery-"));
      let browser = await startBrowser(name, profile);
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
          await ready(tab, at(page));
          return tab;
        },
        async openTogether(count) {
          const together = [];
          for (let rest = count; rest > 0; rest -= 1) together.push(await newTab());
          const start = Date.now() + 500;
          for (const tab of together)
            await tab.run(`setTimeout(() => { location.href = "${at("page.html")}"; }, ${start} - Date.now())`);
          for (const tab of together) await ready(tab, at("page.html"));
        },
        async navigate(tab, page) {
          await tab.run(`location.href = "${at(page)}"`);
          await ready(tab, at(page));
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
          await browser.kill();
          tabs = [];
          browser = await startBrowser(name, profile);
        },
      };

      try {
        const first = await newTab();
        await prepare?.(first, site.origin);
        await first.goto(at("page.html"));
        await ready(first, at("page.html"));
        const session = await first.run<string>("return tidemark.sessionId");
        const read = async () => {
          const answer = await readVector(stack, session).catch(() => undefined);
          return {
            stored: Number(answer?.features.custom_event_count ?? 0),
            copies: answer?.delivery.duplicates ?? 0,
          };
        };
        await run(tools, first);

        // Until no page has anything left to send: a second copy may come after the first.
        const isFlushed = async () => {
          let isAll = true;
          for (const tab of tabs)
            isAll = (await tab.run<boolean>("return tidemark.flush().then(() => true, () => false)")) && isAll;
          return isAll;
        };
        for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await sleep(200))
          if ((await isFlushed()) && (await read()).stored >= tracked) break;
        return { tracked, ...(await read()) };
      } finally {
        await browser.stop();
        await site.stop();
        await proxy.stop();
        await rm(profile, { recursive: true, force: true, maxRetries: 5 });
      }
    },
    stop: () => stack.stop(),
  };
};
