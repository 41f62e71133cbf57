import { setTimeout as sleep } from "node:timers/promises";
import { startChromium } from "@tidemark/cli/chromium";
import type { LocalStack } from "@tidemark/cli/local-stack";
import type { SessionVector, SessionVectorResponse } from "@tidemark/schema";
import type { Page } from "playwright-core";

/** The result of a scripted visit. */
export interface VisitResult {
  session_id: string;
  events: { accepted: number; rejected: number; duplicates: number; lost: number };
  session: SessionVector;
  /** The latest predictions about the session, by the model's name. */
  predictions: SessionVectorResponse["predictions"];
  /** The reactions that reached the page. */
  reactions: VisitReaction[];
  /** Expected values of the vector, counted by the script. */
  script: ScriptCounts;
}

/** A reaction that the page received during the visit. */
interface VisitReaction {
  /** Its name in the configuration. */
  name: string;
  /** Time from the acknowledgement of the batch that fulfilled its condition to the call of the listener, in milliseconds. */
  ms: number;
}

/** The features of the visit as the script counts them. */
interface ScriptCounts {
  page_view_count: number;
  click_count: number;
  hover_count: number;
  custom_event_count: number;
  scroll_depth_max: number;
  dwell_ms: number;
}

/** Time after the last input until the example's pages count the visitor as idle, in milliseconds. */
const IDLE_AFTER_MS = 5_000;

/** The element in which the shop shows a suggestion. */
const SUGGESTION = ".suggestion";

/** Something that changes whether the visitor is engaged, at a time in UTC milliseconds. */
interface Change {
  at: number;
  kind: "shown" | "hidden" | "input";
}

/** The engaged time until a moment: while the page is shown, for {@link IDLE_AFTER_MS} after each input and each showing. */
const engagedUntil = (end: number, changes: Change[]): number => {
  let engaged = 0;
  let last = 0;
  let activeUntil = 0;
  let isShown = false;
  for (const { at, kind } of [...changes, { at: end, kind: "hidden" } as const].toSorted((a, b) => a.at - b.at)) {
    if (isShown) engaged += Math.max(0, Math.min(at, activeUntil) - last);
    last = at;
    if (kind !== "hidden") activeUntil = at + IDLE_AFTER_MS;
    if (kind !== "input") isShown = kind === "shown";
  }
  return Math.round(engaged);
};

/** The methods of the script tag's tracker that the visit uses in the page. */
interface PageTracker {
  sessionId: string;
  flush(): Promise<void>;
  track(name: string): void;
  on(type: "event", listener: (event: { seq: number }) => void): void;
  on(type: "acknowledged", listener: (response: { reactions?: { id: string }[] }) => void): void;
  on(type: "reaction", listener: (reaction: { id: string; name: string }) => void): void;
}

/** Runs before the scripts of each page: records the time at which the script tag sets `tidemark` to its tracker. */
const recordTrackerStart = () => {
  let tracker: unknown;
  Object.defineProperty(globalThis, "tidemark", {
    configurable: true,
    get: () => tracker,
    set(value: object) {
      tracker = value;
      // The stub is set first, and has no `flush`.
      if ("flush" in value) Object.assign(globalThis, { trackerStartedAt: Date.now() });
    },
  });
};

/**
 * Runs before the scripts of each page: records the times of the visitor's inputs on all pages of the tab, in UTC
 * milliseconds. The script itself knows them only approximately: a loaded machine delays its commands. A wheel goes on
 * scrolling for half a second.
 */
const recordInputs = () => {
  let wheelAt = 0;
  const record = (event: Event) => {
    const at = Date.now();
    if (event.type === "wheel") wheelAt = at;
    if (!event.isTrusted || (event.type === "scroll" && at > wheelAt + 500)) return;
    sessionStorage.setItem("inputsAt", `${sessionStorage.getItem("inputsAt") ?? ""} ${at}`);
  };
  for (const type of ["pointermove", "pointerdown", "wheel", "scroll"]) document.addEventListener(type, record, true);
};

/**
 * Waits for the tracker. Returns when this page replaced the previous one, and when the tracker started, in UTC
 * milliseconds.
 */
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

/**
 * Records when the page becomes hidden and visible again, in UTC milliseconds. The script cannot measure this itself,
 * because it continues only after the other tab has opened.
 */
const recordVisibility = async (page: Page): Promise<() => Promise<number[]>> => {
  const changes = await page.evaluateHandle(() => {
    const times: number[] = [];
    document.addEventListener("visibilitychange", () => times.push(Date.now()));
    return times;
  });
  return async () => {
    await page.waitForFunction((times) => times.length === 2, changes);
    return changes.jsonValue();
  };
};

/**
 * Sends the remaining events. Returns the number of all events that the tab captured, with the time at which the
 * tracker reported its last totals and the times of all inputs, in UTC milliseconds.
 */
const finish = (page: Page): Promise<{ captured: number; reportedAt: number; inputsAt: number[] }> =>
  page.evaluate(async () => {
    const { tidemark } = globalThis as unknown as { tidemark: PageTracker };
    let captured = 0;
    tidemark.on("event", ({ seq }) => {
      captured = Math.max(captured, seq + 1);
    });
    tidemark.track("visit_finished");
    const reportedAt = Date.now();
    await tidemark.flush();
    const inputsAt = (sessionStorage.getItem("inputsAt") ?? "").trim().split(" ").map(Number);
    return { captured, reportedAt, inputsAt };
  });

/** Records the reactions that reach the page, and when their batches were acknowledged. Returns a function that reads them. */
const recordReactions = async (page: Page): Promise<() => Promise<VisitReaction[]>> => {
  const recorded = await page.evaluateHandle(() => {
    const { tidemark } = globalThis as unknown as { tidemark: PageTracker };
    const acknowledged = new Map<string, number>();
    const reactions: { name: string; ms: number }[] = [];
    tidemark.on("acknowledged", (response) => {
      for (const { id } of response.reactions ?? []) if (!acknowledged.has(id)) acknowledged.set(id, performance.now());
    });
    tidemark.on("reaction", ({ id, name }) => {
      const ms = performance.now() - (acknowledged.get(id) ?? Number.NaN);
      reactions.push({ name, ms: Math.round(10 * ms) / 10 });
    });
    return reactions;
  });
  return () => recorded.jsonValue();
};

const sessionOf = (page: Page): Promise<string> =>
  page.evaluate(() => (globalThis as unknown as { tidemark: PageTracker }).tidemark.sessionId);

/** A collector and its read key. */
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
  if (!response.ok)
    throw new Error(`reading the vector of ${session} failed: ${response.status} ${await response.text()}`);
  return (await response.json()) as SessionVectorResponse;
};

/**
 * Visits the example site in a headless Chromium. The script reads an article with mouse and wheel, rests the pointer
 * on a button and clicks it, and switches to another tab and back. Then it pauses, and follows a link to the shop. There it
 * hesitates, dismisses the suggestion that the collector's reaction causes, and puts two items into the basket.
 *
 * @param midway Runs during the pause on the article, with the session's id.
 */
export const runScriptedVisit = async (
  stack: LocalStack,
  midway?: (session: string) => Promise<void>,
): Promise<VisitResult> => {
  const chromium = await startChromium();
  try {
    const { context } = chromium;
    const page = context.pages()[0] ?? (await context.newPage());
    const changes: Change[] = [];
    const script: ScriptCounts = {
      page_view_count: 0,
      click_count: 0,
      hover_count: 0,
      custom_event_count: 0,
      scroll_depth_max: 0,
      dwell_ms: 0,
    };

    const waitForPage = async () => {
      const { committed, started } = await trackerStart(page);
      changes.push({ at: committed, kind: "hidden" }, { at: started, kind: "shown" });
      script.page_view_count += 1;
    };
    /** Moves the pointer at once: on the way it would stay on other elements, for a long time on a loaded machine. */
    const move = (x: number, y: number) => page.mouse.move(x, y);
    const hover = async (selector: string, ms: number) => {
      const box = await page.locator(selector).boundingBox();
      if (!box) throw new Error(`${selector}: expected a visible element of the example site`);
      await move(box.x + box.width / 2, box.y + box.height / 2);
      await sleep(ms);
      script.hover_count += 1;
    };
    const click = async () => {
      script.click_count += 1;
      await page.mouse.down();
      await page.mouse.up();
    };
    const scrollTo = async (share: number) => {
      // A scroll that goes on changes the position within two frames, however long a loaded machine takes for them.
      const depthNow = () =>
        page.evaluate(async () => {
          for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
          const { scrollTop, clientHeight, scrollHeight } = document.documentElement;
          return (scrollTop + clientHeight) / scrollHeight;
        });
      let depth = await depthNow();
      const direction = Math.sign(share - depth);
      while ((share - depth) * direction > 0) {
        await page.mouse.wheel(0, direction * 240);
        await sleep(60);
        depth = await depthNow();
      }
      // Scrolling is smooth: the final position counts.
      for (let last = -1; depth !== last; ) {
        last = depth;
        await sleep(50);
        depth = await depthNow();
      }
      script.scroll_depth_max = Math.max(script.scroll_depth_max, Math.min(100, depth * 100));
    };

    await page.addInitScript(recordTrackerStart);
    await page.addInitScript(recordInputs);
    await page.bringToFront();
    await page.goto(`${stack.site.origin}/article.html`, { waitUntil: "commit" });
    await waitForPage();
    await move(20, 300);
    await scrollTo(0.35);
    await page.locator("#save-article").scrollIntoViewIfNeeded();
    await sleep(200);
    await hover("#save-article", 700);
    await click();
    await move(20, 300);

    const visibilityChanges = await recordVisibility(page);
    const other = await context.newPage();
    await sleep(2_000);
    await page.bringToFront();
    const [hiddenAt, shownAt] = await visibilityChanges();
    changes.push({ at: Number(hiddenAt), kind: "hidden" }, { at: Number(shownAt), kind: "shown" });
    await other.close();

    await scrollTo(0.8);
    await scrollTo(0.6);
    if (midway) await midway(await sessionOf(page));
    await sleep(IDLE_AFTER_MS + 1_500);

    await move(24, 320);
    await scrollTo(0.9);
    await scrollTo(0.14);
    await hover("#nav-products", 400);
    const arrival = page.waitForEvent("framenavigated");
    await click();
    await arrival;
    await waitForPage();

    const reactions = await recordReactions(page);
    const addButtons = await page
      .locator("[data-tm^='add-']")
      .evaluateAll((all) => all.slice(0, 2).map((each) => `[data-tm='${(each as HTMLElement).dataset.tm}']`));
    // The visitor hesitates: rests the pointer on both buttons, and leaves them.
    for (const button of addButtons) await hover(button, 500);
    await move(20, 300);
    await page.waitForSelector(`${SUGGESTION} button`);
    await hover(`${SUGGESTION} button`, 500);
    await click();
    await page.waitForSelector(`${SUGGESTION} button`, { state: "detached" });

    for (const button of addButtons) {
      await hover(button, 500);
      await click();
      script.custom_event_count += 1;
    }
    await move(20, 300);
    await sleep(500);

    const { captured, reportedAt, inputsAt } = await finish(page);
    script.custom_event_count += 1;
    changes.push(...inputsAt.map((at) => ({ at, kind: "input" }) as const));
    script.dwell_ms = engagedUntil(reportedAt, changes);
    const session_id = await sessionOf(page);
    const { features, delivery, predictions } = await readVector(stack, session_id);
    return {
      session_id,
      events: {
        accepted: delivery.received,
        rejected: delivery.rejected,
        duplicates: delivery.duplicates,
        lost: captured - delivery.received - delivery.rejected,
      },
      session: features as unknown as SessionVector,
      predictions,
      reactions: await reactions(),
      script,
    };
  } finally {
    await chromium.stop();
  }
};
