import { randomUUID } from "node:crypto";
import type { Batch } from "@tidemark/schema";
import { afterAll, beforeAll, beforeEach } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import type { SuiteTools } from "../signals/in-every-browser.ts";
import { startTestSite, type TestSite } from "../signals/test-site.ts";

/** Options of a tracker, as code: its identity is shared by the hosts of the domain. */
export const ACROSS = `{ identityStore: sdk.acrossSubdomains("127.0.0.1") }`;

/** The page `consent.html` for a suite whose tests compare the visitors of several pages. */
export interface ConsentPage {
  /** The public key. Each test has a new one, so that it finds no stored data of another test. */
  readonly key: string;
  /** The page's URL on another host of the domain. Cookies ignore ports, so another port stands for another host. */
  readonly onOtherHost: string;
  /** Opens the page in a new tab, without a tracker. */
  open(): Promise<Tab>;
  /** Returns a script that starts a tracker with options, which are code. */
  startWith(options: string): string;
  /**
   * Runs a script, tracks an event, and returns the event's batch. The page may also send batches of an earlier page.
   */
  track(tab: Tab, script?: string): Promise<Batch | undefined>;
}

/** Provides the page to the tests of a suite. */
export const useConsentPage = ({ open }: SuiteTools): ConsentPage => {
  let key: string;
  let otherSite: TestSite;
  beforeAll(async () => {
    otherSite = await startTestSite();
  });
  afterAll(() => otherSite?.stop());
  beforeEach(() => {
    key = `tm_test_${randomUUID().replaceAll("-", "")}`;
  });
  return {
    get key() {
      return key;
    },
    get onOtherHost() {
      return `${otherSite.origin}/consent.html`;
    },
    open: () => open("consent.html?"),
    startWith: (options) => `start({ key: "${key}", ...${options} });`,
    async track(tab, script = "") {
      const name = randomUUID();
      const batches = await tab.run<Batch[]>(`${script} tracker.track("${name}"); await tracker.flush(); return sent;`);
      return batches.find(({ events }) => events.some((event) => event.type === "custom" && event.name === name));
    },
  };
};
