import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import getPort from "get-port";
import type { Page } from "playwright-core";
import { startChromium } from "../../scripts/browser.ts";
import { serveSite } from "../../scripts/site-server.ts";
import { startStack } from "../../scripts/stack.ts";
import { readVector } from "../../scripts/visit.ts";
import { startFaultyProxy } from "./faulty-proxy.ts";
import type { Scenario } from "./scenarios.ts";

/** How long the last event may take to arrive once a scenario is over, in milliseconds. */
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

/** A real collector behind a proxy that fails, and a site: where scenarios are played in real browsers. */
export interface Theatre {
  play(scenario: Scenario): Promise<Outcome>;
  stop(): Promise<void>;
}

type Window = {
  tidemark?: { sessionId: string; track(name: string, properties: object): void; flush?(): Promise<undefined> };
};

/** Starts the collector, the proxy and the site. */
export const startTheatre = async (): Promise<Theatre> => {
  const stack = await startStack();
  const proxy = await startFaultyProxy(stack.collector.origin);
  const pages = fileURLToPath(new URL("pages", import.meta.url));
  const site = await serveSite(pages, await getPort(), proxy.origin);
  const url = `${site.origin}/page.html`;

  return {
    async play({ prepare, play, tracked }) {
      const profile = await mkdtemp(join(tmpdir(), "tidemark-delivery-"));
      let chromium = await startChromium(profile);
      await proxy.fail("pass");

      const open = async (prepare?: (page: Page) => Promise<unknown>) => {
        const page = await chromium.context.newPage();
        await prepare?.(page);
        await page.goto(url);
        await page.waitForFunction(() => (globalThis as Window).tidemark?.flush);
        return page;
      };
      const track = (page: Page, count: number, from = 0, bytes = 0) =>
        page.evaluate(
          ({ many, start, text }) => {
            const { tidemark } = globalThis as Window;
            for (let number = start; number < start + many; number += 1)
              tidemark?.track("numbered", { number, ...(text && { text }) });
          },
          { many: count, start: from, text: "x".repeat(bytes) },
        );

      try {
        const stage = { url, chromium: () => chromium };
        const first = await open(async (page) => prepare?.(page, stage));
        const session = await first.evaluate(() => (globalThis as Window).tidemark?.sessionId ?? "");
        const read = async () => {
          const answer = await readVector(stack, session).catch(() => undefined);
          return {
            stored: Number(answer?.features.custom_event_count ?? 0),
            copies: answer?.delivery.duplicates ?? 0,
          };
        };
        const crash = async () => {
          await chromium.kill();
          chromium = await startChromium(profile);
        };
        await play({ ...stage, proxy, open, track, crash }, first);

        // Until no page has anything left to send: a second copy may come after the first.
        for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await sleep(200)) {
          const flushed = chromium.context
            .pages()
            .map((page) => page.evaluate(() => (globalThis as Window).tidemark?.flush?.()).catch(() => "kept"));
          if ((await read()).stored >= tracked && !(await Promise.all(flushed)).includes("kept")) break;
        }
        return { tracked, ...(await read()) };
      } finally {
        await chromium.stop();
        await rm(profile, { recursive: true, force: true, maxRetries: 5 });
      }
    },
    async stop() {
      await site.stop();
      await proxy.stop();
      await stack.stop();
    },
  };
};
