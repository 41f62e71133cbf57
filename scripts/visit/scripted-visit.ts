import { setTimeout as sleep } from "node:timers/promises";
import { startChromium } from "@tidemark/cli/chromium";
import type { LocalStack } from "@tidemark/cli/local-stack";
import type { SessionVector, SessionVectorResponse } from "@tidemark/schema";
import type { Page } from "playwright-core";

/** The result of a visit. */
export interface VisitResult {
  events: { accepted: number; rejected: number; duplicates: number; lost: number };
  session: SessionVector;
  /** The script's own account, which the vector should agree with. */
  script: ScriptCounts;
}

/** The script's own account of the visit. */
interface ScriptCounts {
  page_view_count: number;
  click_count: number;
  hover_count: number;
  custom_event_count: number;
  scroll_depth_max: number;
  dwell_ms: number;
}

/** The idle rule that the example's pages measure by, in milliseconds. */
const IDLE_AFTER_MS = 5_000;

/** Keeps the script's account of engaged time: an input counts for {@link IDLE_AFTER_MS} while the page is in front. */
const engagement = () => {
  let engaged = 0;
  let at = 0;
  let activeUntil = 0;
  let inFront = false;
  const advance = (to = Date.now()) => {
    if (inFront) engaged += Math.max(0, Math.min(to, activeUntil) - at);
    at = to;
  };
  return {
    input() {
      advance();
      activeUntil = at + IDLE_AFTER_MS;
    },
    front(shown: boolean, since?: number) {
      advance(since);
      inFront = shown;
      if (shown) activeUntil = at + IDLE_AFTER_MS;
    },
    total() {
      advance();
      return Math.round(engaged);
    },
  };
};

/** Runs in the page: the tracker that the script tag made, with what the visit needs of it. */
interface PageTracker {
  sessionId: string;
  flush(): Promise<void>;
  track(name: string): void;
  on(type: "event", hear: (event: { seq: number }) => void): void;
}

/** Runs before each page: notes when the script tag puts its tracker there, however late the script hears of it. */
const noteTracker = () => {
  let tracker: unknown;
  Object.defineProperty(globalThis, "tidemark", {
    configurable: true,
    get: () => tracker,
    set(value: object) {
      tracker = value;
      // The stub comes before it, and cannot flush.
      if ("flush" in value) Object.assign(globalThis, { trackerStartedAt: Date.now() });
    },
  });
};

/** Waits for the tracker. Gives the times at which this page took the place of the one before, and at which the tracker was there. */
const trackerStart = async (page: Page): Promise<{ committed: number; started: number }> => {
  const started = await page.waitForFunction(
    () => (globalThis as unknown as { trackerStartedAt?: number }).trackerStartedAt,
  );
  const committed = await page.evaluate(() => {
    const [load] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
    return performance.timeOrigin + (load?.responseStart ?? 0);
  });
  return { committed, started: Number(await started.jsonValue()) };
};

/** Notes when the page is hidden and shown, in UTC milliseconds: opening a tab takes a while, of which the script sees only the end. */
const noteSwitches = async (page: Page): Promise<() => Promise<number[]>> => {
  const notes = await page.evaluateHandle(() => {
    const times: number[] = [];
    document.addEventListener("visibilitychange", () => times.push(Date.now()));
    return times;
  });
  return async () => {
    await page.waitForFunction((times) => times.length === 2, notes);
    return notes.jsonValue();
  };
};

/** Sends what is left and tells how many events the tab has numbered in all. */
const finish = (page: Page): Promise<number> =>
  page.evaluate(async () => {
    const { tidemark } = globalThis as unknown as { tidemark: PageTracker };
    let captured = 0;
    tidemark.on("event", ({ seq }) => {
      captured = Math.max(captured, seq + 1);
    });
    tidemark.track("visit_finished");
    await tidemark.flush();
    return captured;
  });

const sessionOf = (page: Page): Promise<string> =>
  page.evaluate(() => (globalThis as unknown as { tidemark: PageTracker }).tidemark.sessionId);

/** A collector, and the key that reads its features. */
export interface FeatureReader {
  collector: { origin: string };
  readKey: string;
}

/** Reads a session's vector with the read key. */
export const readVector = async (
  { collector, readKey }: FeatureReader,
  session: string,
): Promise<SessionVectorResponse> => {
  const response = await fetch(`${collector.origin}/v1/features/session/${session}`, {
    headers: { authorization: `Bearer ${readKey}` },
  });
  if (!response.ok) throw new Error(`the vector of ${session} could not be read: ${await response.text()}`);
  return (await response.json()) as SessionVectorResponse;
};

/**
 * Visits the example site in a headless Chromium as a person would: reads an article with mouse and wheel, rests on a
 * button and presses it, looks at another tab and comes back, pauses, follows a link and puts two things into the basket.
 *
 * @param midway Runs while the visitor pauses on the article, with the session's id.
 */
export const runScriptedVisit = async (
  stack: LocalStack,
  midway?: (session: string) => Promise<void>,
): Promise<VisitResult> => {
  const chromium = await startChromium();
  try {
    const { context } = chromium;
    const page = context.pages()[0] ?? (await context.newPage());
    const engaged = engagement();
    const script: ScriptCounts = {
      page_view_count: 0,
      click_count: 0,
      hover_count: 0,
      custom_event_count: 0,
      scroll_depth_max: 0,
      dwell_ms: 0,
    };

    const arrive = async () => {
      const { committed, started } = await trackerStart(page);
      engaged.front(false, committed);
      engaged.front(true, started);
      script.page_view_count += 1;
    };
    const move = async (x: number, y: number) => {
      engaged.input();
      await page.mouse.move(x, y, { steps: 5 });
      engaged.input();
    };
    const rest = async (selector: string, ms: number) => {
      const box = await page.locator(selector).boundingBox();
      if (!box) throw new Error(`the example has no visible ${selector}`);
      await move(box.x + box.width / 2, box.y + box.height / 2);
      await sleep(ms);
      script.hover_count += 1;
    };
    const click = async () => {
      script.click_count += 1;
      engaged.input();
      await page.mouse.down();
      await page.mouse.up();
    };
    const scrollTo = async (share: number) => {
      const depthNow = () =>
        page.evaluate(() => {
          const { scrollTop, clientHeight, scrollHeight } = document.documentElement;
          return (scrollTop + clientHeight) / scrollHeight;
        });
      let depth = await depthNow();
      const direction = Math.sign(share - depth);
      while ((share - depth) * direction > 0) {
        engaged.input();
        await page.mouse.wheel(0, direction * 240);
        await sleep(60);
        depth = await depthNow();
      }
      // A wheel step glides: the page's last stand counts.
      for (let last = -1; depth !== last; ) {
        engaged.input();
        last = depth;
        await sleep(50);
        depth = await depthNow();
      }
      script.scroll_depth_max = Math.max(script.scroll_depth_max, Math.min(100, depth * 100));
    };

    await page.addInitScript(noteTracker);
    await page.bringToFront();
    await page.goto(`${stack.site.origin}/article.html`, { waitUntil: "commit" });
    await arrive();
    await move(20, 300);
    await scrollTo(0.35);
    await page.locator("#save-article").scrollIntoViewIfNeeded();
    await sleep(200);
    await rest("#save-article", 700);
    await click();
    await move(20, 300);

    const switched = await noteSwitches(page);
    const other = await context.newPage();
    await sleep(2_000);
    await page.bringToFront();
    const [hiddenAt, shownAt] = await switched();
    engaged.front(false, hiddenAt);
    engaged.front(true, shownAt);
    await other.close();

    await scrollTo(0.8);
    await scrollTo(0.6);
    if (midway) await midway(await sessionOf(page));
    await sleep(IDLE_AFTER_MS + 1_500);

    await move(24, 320);
    await scrollTo(0.9);
    await scrollTo(0.14);
    await rest("#nav-products", 400);
    const arrival = page.waitForEvent("framenavigated");
    await click();
    await arrival;
    await arrive();

    for (const add of await page
      .locator("[data-tm^='add-']")
      .all()
      .then((all) => all.slice(0, 2))) {
      const name = await add.getAttribute("data-tm");
      await rest(`[data-tm='${name}']`, 500);
      await click();
      script.custom_event_count += 1;
    }
    await move(20, 300);
    await sleep(500);

    const captured = await finish(page);
    script.custom_event_count += 1;
    script.dwell_ms = engaged.total();
    const { features, delivery } = await readVector(stack, await sessionOf(page));
    return {
      events: {
        accepted: delivery.received,
        rejected: delivery.rejected,
        duplicates: delivery.duplicates,
        lost: captured - delivery.received - delivery.rejected,
      },
      session: features as unknown as SessionVector,
      script,
    };
  } finally {
    await chromium.stop();
  }
};
