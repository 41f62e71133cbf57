import { setTimeout as sleep } from "node:timers/promises";
import type { Tab } from "../browsers/browser.ts";
import type { FaultyProxy } from "./faulty-proxy.ts";

/** The tools of a scenario, the same for every browser. */
export interface ScenarioTools {
  proxy: FaultyProxy;
  /** Opens a page of the folder `pages`, with its tracker ready. Default: `page.html`. */
  open(page?: string): Promise<Tab>;
  /** Opens `page.html` in that many tabs at the same moment. */
  openTogether(count: number): Promise<void>;
  /** Navigates from the page to another, as a link does. */
  navigate(tab: Tab, page: string): Promise<void>;
  /** Tracks the events with the numbers `from` to `from + count - 1`, with `bytes` of text each. */
  track(tab: Tab, count: number, from?: number, bytes?: number): Promise<void>;
  /** Ends a tab. Default: `close`, as a person does. */
  end(tab: Tab, how?: "close" | "destroy" | "discard"): Promise<void>;
  /** Kills the browser, and starts another with the same profile. Only for scenarios with `crashes`. */
  crash(): Promise<void>;
}

/** A scenario in which delivery of numbered events may fail. */
export interface Scenario {
  name: string;
  /** Number of events that the scenario tracks. */
  tracked: number;
  /** Most duplicates that may arrive, in scenarios without a reason to send everything again. */
  duplicatesAtMost?: number;
  /**
   * Set for scenarios that mostly wait for timers: the tests run them in Chromium only, the benchmark in every browser.
   */
  isLong?: true;
  /** Set for scenarios that kill the browser, which therefore have their own. */
  crashes?: true;
  /** Runs in the first tab before it opens the site. */
  prepare?(tab: Tab, origin: string): Promise<void>;
  /** Tracks the events. `first`: an open page, to whose session they belong. */
  run(tools: ScenarioTools, first: Tab): Promise<void>;
}

/** Script for a page: returns whether IndexedDB can store a megabyte. */
const CAN_STORE = `return new Promise((resolve) => {
  const opening = indexedDB.open("probe");
  opening.onupgradeneeded = () => opening.result.createObjectStore("probe");
  opening.onerror = () => resolve(false);
  opening.onsuccess = () => {
    const transaction = opening.result.transaction("probe", "readwrite");
    transaction.objectStore("probe").put("x".repeat(2 ** 20), 1);
    transaction.oncomplete = () => resolve(true);
    transaction.onabort = () => resolve(false);
  };
})`;

/** Script for a page: waits until its spool has that many numbered events, which a loaded machine delays. */
const untilSpooled = (events: number) => `
  const spooled = async () => {
    const database = (await indexedDB.databases()).find(({ name }) => name.startsWith("tidemark."));
    if (!database) return 0;
    const opening = indexedDB.open(database.name);
    await new Promise((resolve) => { opening.onsuccess = resolve; });
    const reading = opening.result.transaction("spool").objectStore("spool").getAll();
    await new Promise((resolve) => { reading.onsuccess = resolve; });
    opening.result.close();
    return reading.result.flatMap((batch) => batch.events).filter(({ name }) => name === "numbered").length;
  };
  while ((await spooled()) < ${events}) await new Promise((resolve) => setTimeout(resolve, 50));
`;

/**
 * Time that a visitor stays before they leave, in milliseconds: long enough for the spool, shorter than the wait for a
 * batch.
 */
const MOMENT_MS = 250;

/** All scenarios. */
export const scenarios: Scenario[] = [
  {
    name: "page that stays open",
    tracked: 20,
    duplicatesAtMost: 0,
    run: ({ track }, page) => track(page, 20),
  },
  {
    name: "navigation at once",
    tracked: 20,
    duplicatesAtMost: 0,
    async run({ track, navigate }, page) {
      await track(page, 20);
      await navigate(page, "page.html?next");
    },
  },
  {
    name: "tab closed at once",
    tracked: 20,
    async run({ track, end }, page) {
      await track(page, 20);
      await end(page);
    },
  },
  {
    name: "tab destroyed at once, site visited again",
    tracked: 20,
    async run({ track, end, open }, page) {
      await track(page, 20);
      await end(page, "destroy");
      await open();
    },
  },
  {
    name: "collector down for 8 s under an open page",
    tracked: 20,
    isLong: true,
    duplicatesAtMost: 0,
    async run({ track, proxy }, page) {
      await proxy.fail("down");
      await track(page, 20);
      await sleep(8_000);
      await proxy.fail("pass");
    },
  },
  {
    name: "offline, tab closed, online, site visited again",
    tracked: 20,
    async run({ track, proxy, end, open }, page) {
      await proxy.fail("down");
      await track(page, 20);
      await sleep(MOMENT_MS);
      await end(page);
      await proxy.fail("pass");
      await open();
    },
  },
  {
    name: "browser killed 2 s after, collector down, same profile again",
    tracked: 20,
    crashes: true,
    async run({ track, proxy, crash, open }, page) {
      await proxy.fail("down");
      await track(page, 20);
      await sleep(2_000);
      await page.run(untilSpooled(20));
      await crash();
      await proxy.fail("pass");
      await open();
    },
  },
  {
    name: "500 three times",
    tracked: 20,
    duplicatesAtMost: 0,
    async run({ track, proxy }, page) {
      await proxy.fail("error", 3);
      await track(page, 20);
    },
  },
  {
    name: "429 with Retry-After",
    tracked: 20,
    duplicatesAtMost: 0,
    async run({ track, proxy }, page) {
      await proxy.fail("busy", 1);
      await track(page, 20);
      await sleep(3_000);
      const [first = 0, second = Number.POSITIVE_INFINITY] = proxy.arrivals();
      if (second - first < 2_000)
        throw new Error(`retried after ${second - first} ms, expected at least 2000 (Retry-After)`);
    },
  },
  {
    name: "processed, connection cut before the response",
    tracked: 20,
    async run({ track, proxy }, page) {
      await proxy.fail("cut", 2);
      await track(page, 20);
    },
  },
  {
    name: "processed, response truncated",
    tracked: 20,
    async run({ track, proxy }, page) {
      await proxy.fail("truncate", 1);
      await track(page, 20);
    },
  },
  {
    name: "connection half open: no response, then a network that works",
    tracked: 20,
    isLong: true,
    duplicatesAtMost: 0,
    async run({ track, proxy }, page) {
      await proxy.fail("hang", 1);
      await track(page, 20);
    },
  },
  {
    name: "connection half open, tab closed, site visited again",
    tracked: 20,
    async run({ track, proxy, end, open }, page) {
      await proxy.fail("hang");
      await track(page, 20);
      await sleep(MOMENT_MS);
      await end(page);
      await proxy.fail("pass");
      await open();
    },
  },
  {
    name: "response after 5 s",
    tracked: 20,
    isLong: true,
    duplicatesAtMost: 0,
    async run({ track, proxy }, page) {
      await proxy.fail("slow", 2);
      await track(page, 20);
    },
  },
  {
    name: "a batch overtaken by later ones, tab closed",
    tracked: 20,
    async run({ track, proxy, end, open }, page) {
      await proxy.fail("late", 1);
      // More than one batch: a page that is being closed sends them in parallel.
      await track(page, 20, 0, 900);
      await end(page);
      await open();
    },
  },
  {
    name: "request duplicated in transit",
    tracked: 20,
    async run({ track, proxy }, page) {
      await proxy.fail("twice");
      await track(page, 20);
    },
  },
  {
    name: "two tabs opening over one backlog",
    tracked: 20,
    duplicatesAtMost: 0,
    async run({ track, proxy, end, openTogether }, page) {
      // Not `down`: Firefox retries connections of a closed page, which then succeed and send a duplicate.
      await proxy.fail("error");
      await track(page, 20);
      await sleep(MOMENT_MS);
      await end(page);
      await sleep(MOMENT_MS);
      await proxy.fail("pass");
      await openTogether(2);
    },
  },
  {
    name: "storage full",
    tracked: 20,
    // Chromium caches the quota for half a minute, from the first time that the site stores something.
    prepare: (tab, origin) => tab.fillStorage(origin),
    async run({ track, proxy }, page) {
      if (await page.run<boolean>(CAN_STORE)) throw new Error("the storage is not full");
      await proxy.fail("down");
      await track(page, 20);
      await sleep(MOMENT_MS);
      await proxy.fail("pass");
    },
  },
  {
    name: "IndexedDB forbidden",
    tracked: 20,
    async run({ track, proxy, open }) {
      const page = await open("no-indexeddb.html");
      await proxy.fail("error", 1);
      await track(page, 20);
    },
  },
  {
    name: "clock set back an hour between two pages",
    tracked: 20,
    async run({ track, open }, page) {
      await track(page, 10);
      const later = await open("clock-back.html");
      await track(later, 10, 10);
    },
  },
  {
    name: "page frozen, then discarded, site visited again",
    tracked: 20,
    async run({ track, end, open }, page) {
      await track(page, 20);
      await sleep(MOMENT_MS);
      await end(page, "discard");
      await open();
    },
  },
  {
    name: "300 KB at the moment of closing, site visited again",
    tracked: 40,
    async run({ track, end, open }, page) {
      await track(page, 20, 0, 7_500);
      await track(page, 20, 20, 7_500);
      await end(page);
      await open();
    },
  },
];
