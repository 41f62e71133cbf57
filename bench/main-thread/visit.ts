import { setTimeout as wait } from "node:timers/promises";
import type { BrowserContext, CDPSession } from "playwright-core";
import { INPUT, play } from "./input.ts";
import { BARE, type Site } from "./site.ts";
import { startTrace, type Traced } from "./trace.ts";

/** What a visit cost the page's main thread: processor time in milliseconds, memory in KiB. */
export interface Cost {
  /** Script in all, from the first byte of the page until it was hidden and had told the collector. */
  script: number;
  /** Of that, until the page had loaded. */
  scriptAtStart: number;
  /** Recalculating styles and laying out since the page had loaded. */
  layout: number;
  /** All tasks: script, and what the browser does before and after it. */
  tasks: number;
  /** Memory that script holds at the end, after a garbage collection. */
  heap: number;
}

/** How long a page has for what it does of itself after it was loaded or hidden, in milliseconds. */
const SETTLE_MS = 300;

const readMetrics = async (session: CDPSession): Promise<Omit<Cost, "scriptAtStart">> => {
  const { metrics } = await session.send("Performance.getMetrics");
  const get = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
  return {
    script: get("ScriptDuration") * 1000,
    layout: (get("LayoutDuration") + get("RecalcStyleDuration")) * 1000,
    tasks: get("TaskDuration") * 1000,
    heap: get("JSHeapUsedSize") / 1024,
  };
};

/**
 * Visits the page with the script of that name: loads it in a new tab, without anything that an earlier visit stored, plays
 * the input, and hides it behind another tab, as the visitor who goes elsewhere does.
 *
 * @throws Error when the collector was told of another number of inputs than was played, or of none by a page with a script.
 */
const visit = async <T>(
  context: BrowserContext,
  site: Site,
  name: string,
  watch: (session: CDPSession) => Promise<{ loaded?: () => Promise<void>; end: () => Promise<T> }>,
): Promise<T> => {
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  // A page of the same origin first: the tab then keeps its process, and with it what is counted.
  await page.goto(`${site.origin}/${BARE}`);
  await session.send("Storage.clearDataForOrigin", { origin: site.origin, storageTypes: "all" });
  site.takeCounts();
  const { loaded, end } = await watch(session);

  await page.goto(`${site.origin}/${name}`);
  await wait(SETTLE_MS);
  await loaded?.();
  await play(session);
  await context.pages()[0]?.bringToFront();
  await wait(SETTLE_MS);

  const result = await end();
  await page.close();
  const counts = site.takeCounts();
  for (const [type, played] of Object.entries(INPUT)) {
    // A page reports some types or none; the input recorder reports all.
    const told = counts.get(type);
    if (told === undefined ? type === "click" && name !== BARE : told !== played)
      throw new Error(`${name}: the collector was told of ${told ?? 0} events of type ${type}, not of ${played}`);
  }
  return result;
};

/** A visit's cost. Nothing but the browser's own counters runs beside it. */
export const measure = (context: BrowserContext, site: Site, name: string): Promise<Cost> =>
  visit(context, site, name, async (session) => {
    // Processor time of the thread, so that it does not count when other programs have the processor.
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    const before = await readMetrics(session);
    let atStart = before;
    return {
      async loaded() {
        atStart = await readMetrics(session);
      },
      async end() {
        const after = await readMetrics(session);
        await session.send("HeapProfiler.collectGarbage");
        return {
          script: after.script - before.script,
          scriptAtStart: atStart.script - before.script,
          layout: after.layout - atStart.layout,
          tasks: after.tasks - before.tasks,
          heap: (await readMetrics(session)).heap,
        };
      },
    };
  });

/** What a visit's trace tells. Tracing takes time itself, so that no sum of times is measured with it. */
export const trace = (context: BrowserContext, site: Site, name: string): Promise<Traced> =>
  visit(context, site, name, async (session) => ({ end: await startTrace(session) }));
