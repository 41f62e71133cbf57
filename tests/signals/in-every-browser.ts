import { afterAll, afterEach, beforeAll, describe, expect } from "vitest";
import {
  type Abilities,
  abilitiesOf,
  type Browser,
  type BrowserName,
  browserNames,
  startBrowser,
  type Tab,
} from "../browsers/browser.ts";
import { startTestSite, type TestSite } from "./test-site.ts";

/** How a page is to measure itself; see `pages/measure.js`. */
export interface PageSettings {
  /** Names of the signals, as exported. Default: all. */
  signals?: string[];
  /** Options of each signal, by its name. */
  options?: Record<string, object>;
}

/** What a suite has at hand. */
export interface SuiteTools {
  browser: BrowserName;
  /** What this browser can be driven to do. */
  can: Abilities;
  /** The URL of a page of `pages/` that measures itself so. */
  url(page: string, measuring?: PageSettings): string;
  /** Opens a tab in front, and in it a page of `pages/`. The tab is closed after the test. */
  open(page: string, measuring?: PageSettings): Promise<Tab>;
  /** How many events came since the suite began, each counted once. */
  eventCount: TestSite["eventCount"];
  /** The context of an event's view as it was sent last. */
  viewOf: TestSite["viewOf"];
}

/**
 * Describes a suite once for every browser: a browser of its own for each suite, no tab left between tests, and after each test no
 * breach of the contract in what the pages have sent.
 */
export const inEveryBrowser = (suite: (tools: SuiteTools) => void): void =>
  describe.each(browserNames)("%s", (name) => {
    let browser: Browser;
    let pages: TestSite;
    let tabs: Tab[] = [];

    beforeAll(async () => {
      pages = await startTestSite();
      browser = await startBrowser(name);
    });
    afterAll(async () => {
      await browser?.stop();
      await pages?.stop();
    });
    afterEach(async () => {
      for (const tab of tabs) await tab.close();
      tabs = [];
      expect(pages.violations()).toEqual([]);
    });

    const url: SuiteTools["url"] = (page, { signals, options } = {}) => {
      const query = new URLSearchParams({
        ...(signals && { signals: signals.join() }),
        ...(options && { options: JSON.stringify(options) }),
      });
      return `${pages.origin}/${page}?${query}`;
    };
    suite({
      browser: name,
      can: abilitiesOf(name),
      url,
      async open(page, measuring) {
        const tab = await browser.newTab();
        tabs.push(tab);
        await tab.goto(url(page, measuring));
        return tab;
      },
      eventCount: () => pages.eventCount(),
      viewOf: (event) => pages.viewOf(event),
    });
  });
