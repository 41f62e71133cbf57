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

/** Settings of a page's tracker; see `pages/measure.js`. */
export interface PageSettings {
  /** Names of the signals, as exported. Default: all. */
  signals?: string[];
  /** Options of each signal, by its name. */
  options?: Record<string, object>;
  /** Path of the collector on the test site. Default: its origin. */
  collector?: string;
  /** Stops the page's clock, so that time passes by `pass` only; see `stopped-clock.ts`. Default: the browser's clock. */
  clock?: "stopped";
}

/** The tools of a suite. */
export interface SuiteTools {
  browser: BrowserName;
  /** The abilities of this browser's driver. */
  can: Abilities;
  /** Returns the URL of a page of `pages/` with these settings. */
  url(page: string, settings?: PageSettings): string;
  /** Opens a page of `pages/` in a new tab in front. The tab is closed after the test. */
  open(page: string, settings?: PageSettings): Promise<Tab>;
  /** Returns the number of different events that arrived since the suite started. */
  eventCount: TestSite["eventCount"];
  /** The reactions of a site, by its public key. */
  reactionsOf: TestSite["reactionsOf"];
  /** Returns the latest context that was sent of an event's view. */
  viewOf: TestSite["viewOf"];
}

/**
 * Describes a suite once for every browser. Each suite has its own browser. Tabs are closed after each test, which
 * fails if the pages have sent anything that violates the contract.
 */
export const inEveryBrowser = (suite: (tools: SuiteTools) => void): void =>
  describe.each(browserNames)("%s", (name) => {
    let browser: Browser;
    let site: TestSite;
    let tabs: Tab[] = [];

    beforeAll(async () => {
      site = await startTestSite();
      browser = await startBrowser(name);
    });
    afterAll(async () => {
      await browser?.stop();
      await site?.stop();
    });
    afterEach(async () => {
      for (const tab of tabs) await tab.close();
      tabs = [];
      expect(site.violations()).toEqual([]);
    });

    const url: SuiteTools["url"] = (page, { signals, options, collector, clock } = {}) => {
      const query = new URLSearchParams({
        ...(signals && { signals: signals.join() }),
        ...(options && { options: JSON.stringify(options) }),
        ...(collector && { collector }),
        ...(clock && { clock }),
      });
      return `${site.origin}/${page}?${query}`;
    };
    suite({
      browser: name,
      can: abilitiesOf(name),
      url,
      async open(page, settings) {
        const tab = await browser.newTab();
        tabs.push(tab);
        await tab.goto(url(page, settings));
        return tab;
      },
      eventCount: () => site.eventCount(),
      reactionsOf: (key) => site.reactionsOf(key),
      viewOf: (event) => site.viewOf(event),
    });
  });
