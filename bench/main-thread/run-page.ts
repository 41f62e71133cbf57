import { setTimeout as wait } from "node:timers/promises";
import type { BrowserContext, CDPSession } from "playwright-core";
import { dispatchInput, INPUT } from "./input.ts";
import { BARE, type Site } from "./site.ts";
import { startTrace, type Traced } from "./trace.ts";

/** The cost of a run on the page's main thread: processor time in milliseconds, memory in KiB. */
export interface Cost {
  /** All script, from the first byte of the page until it is hidden and has sent its events. */
  script: number;
  /** The part of it until the page has loaded. */
  scriptAtStart: number;
  /** Style recalculation and layout after the load. */
  layout: number;
  /** All tasks: script, and the browser's work before and after it. */
  tasks: number;
  /** Script's memory at the end, after a garbage collection. */
  heap: number;
}

/** Time for the page's own work after it was loaded or hidden, in milliseconds. */
const IDLE_MS = 300;

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
 * Runs the sequence on the page with the script of that name. It loads the page in a new tab without stored data,
 * dispatches the input, and hides the page behind another tab.
 *
 * @throws Error when the number of inputs that arrived differs from the number dispatched, or when a page with a script
 * sent none.
 */
const runPage = async <T>(
  context: BrowserContext,
  site: Site,
  name: string,
  watch: (session: CDPSession) => Promise<{ loaded?: () => Promise<void>; end: () => Promise<T> }>,
): Promise<T> => {
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  // A page of the same origin first, so that the tab keeps its process, and with it the counters.
  await page.goto(`${site.origin}/${BARE}`);
  await session.send("Storage.clearDataForOrigin", { origin: site.origin, storageTypes: "all" });
  site.takeCounts();
  const { loaded, end } = await watch(session);

  await page.goto(`${site.origin}/${name}`);
  await wait(IDLE_MS);
  await loaded?.();
  await dispatchInput(session);
  await context.pages()[0]?.bringToFront();
  await wait(IDLE_MS);

  const result = await end();
  await page.close();
  const counts = site.takeCounts();
  for (const [type, dispatched] of Object.entries(INPUT)) {
    // A page sends events of some types or none; the input recorder sends all.
    const arrived = counts.get(type);
    if (arrived === undefined ? type === "click" && name !== BARE : arrived !== dispatched)
      throw new Error(`${name}: ${arrived ?? 0} events of type ${type} arrived, expected ${dispatched}`);
  }
  return result;
};

/** Measures the cost of a run, by the browser's own counters only. */
export const measure = (context: BrowserContext, site: Site, name: string): Promise<Cost> =>
  runPage(context, site, name, async (session) => {
    // Processor time of the thread, so that time of other programs does not count.
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

/** Time after which a hidden page has sent and stored everything, and time for which it is then observed. */
const SETTLED_MS = 2000;

/** Traces a run. Tracing takes time itself, so the sums of times come from {@link measure} instead. */
export const trace = (context: BrowserContext, site: Site, name: string): Promise<Traced> =>
  runPage(context, site, name, async (session) => {
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    const endTrace = await startTrace(session);
    return {
      async end() {
        await wait(SETTLED_MS);
        const before = await readMetrics(session);
        await wait(SETTLED_MS);
        const scriptWhileHidden = (await readMetrics(session)).script - before.script;
        return { ...(await endTrace()), scriptWhileHidden };
      },
    };
  });
