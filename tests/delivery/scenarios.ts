import type { BrowserContext, CDPSession, Page } from "playwright-core";
import type { HeadlessChromium } from "../../scripts/browser.ts";
import type { FaultyProxy } from "./faulty-proxy.ts";

/** What a scenario is played with. */
interface Stage {
  proxy: FaultyProxy;
  /** The browser that runs now. */
  chromium(): HeadlessChromium;
  /** Kills the browser and starts another on the same profile. */
  crash(): Promise<void>;
  /** URL of a page that measures itself. */
  url: string;
  /** Opens a page, with its tracker ready; `prepare` runs before the page does. */
  open(prepare?: (page: Page) => Promise<unknown>): Promise<Page>;
  /** Tracks events number `from` to `from + count - 1`, with `bytes` of text each. */
  track(page: Page, count: number, from?: number, bytes?: number): Promise<void>;
}

/** One way in which the world treats numbered events. */
export interface Scenario {
  name: string;
  /** How many events are tracked. */
  tracked: number;
  /** Most copies that may arrive, where nothing gives a reason to send all of it again. */
  copiesAtMost?: number;
  /** Runs before the first page of the site is opened. */
  prepare?(page: Page, stage: Pick<Stage, "url" | "chromium">): Promise<void>;
  /** Tracks the events; `first` is an open page, whose session they belong to. */
  play(stage: Stage, first: Page): Promise<void>;
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
/** Closes a tab as a person does, and waits until it is gone: without waiting, the driver goes on while the page still lives. */
const closed = async (page: Page) => {
  const gone = page.waitForEvent("close");
  await page.close({ runBeforeUnload: true });
  await gone;
};
const cdp = (context: BrowserContext, page: Page): Promise<CDPSession> => context.newCDPSession(page);

/** Runs in the page: whether IndexedDB takes a megabyte. */
const canStore = () =>
  new Promise<boolean>((resolve) => {
    const opening = indexedDB.open("probe");
    opening.onupgradeneeded = () => opening.result.createObjectStore("probe");
    opening.onerror = () => resolve(false);
    opening.onsuccess = () => {
      const transaction = opening.result.transaction("probe", "readwrite");
      transaction.objectStore("probe").put("x".repeat(2 ** 20), 1);
      transaction.oncomplete = () => resolve(true);
      transaction.onabort = () => resolve(false);
    };
  });

/** How long a visitor stays before they leave, in milliseconds: long enough for the spool, too short for a batch's age. */
const MOMENT_MS = 250;

/** Every way that is tried. */
export const scenarios: Scenario[] = [
  {
    name: "still page",
    tracked: 20,
    copiesAtMost: 0,
    play: ({ track }, page) => track(page, 20),
  },
  {
    name: "navigation at once",
    tracked: 20,
    async play({ track, url }, page) {
      await track(page, 20);
      await page.evaluate((next) => {
        location.href = next;
      }, `${url}?next`);
      await page.waitForURL("**?next");
    },
  },
  {
    name: "tab closed at once",
    tracked: 20,
    async play({ track }, page) {
      await track(page, 20);
      await closed(page);
    },
  },
  {
    name: "tab destroyed at once, site visited again",
    tracked: 20,
    async play({ track, chromium, open }, page) {
      const session = await cdp(chromium().context, page);
      const { targetInfo } = await session.send("Target.getTargetInfo");
      await track(page, 20);
      await session.send("Target.closeTarget", { targetId: targetInfo.targetId }).catch(() => {});
      await open();
    },
  },
  {
    name: "collector down for 8 s under an open page",
    tracked: 20,
    copiesAtMost: 0,
    async play({ track, proxy }, page) {
      await proxy.fail("down");
      await track(page, 20);
      await sleep(8_000);
      await proxy.fail("pass");
    },
  },
  {
    name: "offline, tab closed, online, site visited again",
    tracked: 20,
    async play({ track, proxy, open }, page) {
      await proxy.fail("down");
      await track(page, 20);
      await sleep(MOMENT_MS);
      await closed(page);
      await proxy.fail("pass");
      await open();
    },
  },
  {
    name: "browser killed 2 s after, collector down, same profile again",
    tracked: 20,
    async play({ track, proxy, crash, open }, page) {
      await proxy.fail("down");
      await track(page, 20);
      await sleep(2_000);
      await crash();
      await proxy.fail("pass");
      await open();
    },
  },
  {
    name: "500 three times",
    tracked: 20,
    copiesAtMost: 0,
    async play({ track, proxy }, page) {
      await proxy.fail("error", 3);
      await track(page, 20);
    },
  },
  {
    name: "429 with Retry-After",
    tracked: 20,
    copiesAtMost: 0,
    async play({ track, proxy }, page) {
      await proxy.fail("busy", 1);
      await track(page, 20);
      await page.waitForTimeout(3_000);
      const [first = 0, second = Number.POSITIVE_INFINITY] = proxy.arrivals();
      if (second - first < 2_000) throw new Error(`came back after ${second - first} ms, was asked to wait 2000`);
    },
  },
  {
    name: "processed, connection cut before the answer",
    tracked: 20,
    async play({ track, proxy }, page) {
      await proxy.fail("cut", 2);
      await track(page, 20);
    },
  },
  {
    name: "processed, answer truncated",
    tracked: 20,
    async play({ track, proxy }, page) {
      await proxy.fail("truncate", 1);
      await track(page, 20);
    },
  },
  {
    name: "request duplicated on its way",
    tracked: 20,
    async play({ track, proxy }, page) {
      await proxy.fail("twice");
      await track(page, 20);
    },
  },
  {
    name: "two tabs opening over one backlog",
    tracked: 20,
    // Each page may send what the other has just captured; all of the backlog again is another matter.
    copiesAtMost: 19,
    async play({ track, proxy, open }, page) {
      await proxy.fail("down");
      await track(page, 20);
      await sleep(MOMENT_MS);
      await closed(page);
      await proxy.fail("pass");
      await Promise.all([open(), open()]);
    },
  },
  {
    name: "storage full",
    tracked: 20,
    // Once the site has stored anything, Chromium goes by the quota that it had then for half a minute.
    async prepare(page, { url, chromium }) {
      const session = await cdp(chromium().context, page);
      await session.send("Storage.overrideQuotaForOrigin", { origin: new URL(url).origin, quotaSize: 1 });
    },
    async play({ track, proxy }, page) {
      if (await page.evaluate(canStore)) throw new Error("the storage is not full");
      await proxy.fail("down");
      await track(page, 20);
      await sleep(MOMENT_MS);
      await proxy.fail("pass");
    },
  },
  {
    name: "IndexedDB refused",
    tracked: 20,
    async play({ track, proxy, open }) {
      const page = await open((each) =>
        each.addInitScript(() => {
          Object.defineProperty(globalThis, "indexedDB", {
            get() {
              throw new DOMException("refused", "SecurityError");
            },
          });
        }),
      );
      await proxy.fail("error", 1);
      await track(page, 20);
    },
  },
  {
    name: "clock set back an hour between two pages",
    tracked: 20,
    async play({ track, open }, page) {
      await track(page, 10);
      const later = await open((each) =>
        each.addInitScript(() => {
          const { now } = Date;
          Date.now = () => now() - 3_600_000;
          const { timeOrigin } = performance;
          Object.defineProperty(performance, "timeOrigin", { get: () => timeOrigin - 3_600_000 });
        }),
      );
      await track(later, 10, 10);
    },
  },
  {
    name: "page frozen, then discarded, site visited again",
    tracked: 20,
    async play({ track, chromium, open }, page) {
      const session = await cdp(chromium().context, page);
      await track(page, 20);
      await sleep(MOMENT_MS);
      await session.send("Page.setWebLifecycleState", { state: "frozen" });
      session.send("Page.crash").catch(() => {});
      await page.waitForEvent("crash").catch(() => {});
      await page.close();
      await open();
    },
  },
  {
    name: "300 KB at the moment of closing, site visited again",
    tracked: 40,
    async play({ track, proxy, open }, page) {
      await track(page, 20, 0, 7_500);
      await track(page, 20, 20, 7_500);
      await closed(page);
      await open();
      await proxy.fail("pass");
    },
  },
];
