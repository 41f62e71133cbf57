import type { CDPSession } from "playwright-core";

/** The results of a trace of a page with a single script. */
export interface Traced {
  /** Longest processor time of script in one task, in milliseconds. */
  longestScript: number;
  /** Number of style recalculations and layouts within script, which the script forced. */
  forcedLayouts: number;
  /** Processor time of script while the page was hidden and had sent everything, in milliseconds. */
  scriptWhileHidden: number;
}

/** The results that the events of a trace contain. */
type TracedEvents = Omit<Traced, "scriptWhileHidden">;

/** A complete event of a trace. Its times are in microseconds. */
interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  ts: number;
  dur: number;
  /** Processor time, where the system provides it. */
  tdur?: number;
  args: { name?: string };
}

const CATEGORIES = ["devtools.timeline", "disabled-by-default-devtools.timeline", "v8", "v8.execute"];

/** Events that contain script only. A call contains the microtasks that follow it. */
const SCRIPT = ["EvaluateScript", "FunctionCall", "v8.callFunction", "RunMicrotasks"];

const LAYOUT = ["UpdateLayoutTree", "Layout"];

/** Returns the events that are inside no other event. */
const outermost = (events: TraceEvent[]): TraceEvent[] => {
  let end = 0;
  return events.filter(({ ts, dur }) => {
    if (ts < end) return false;
    end = ts + dur;
    return true;
  });
};

/** Returns a function that finds the container of an event. It must be called in the order of time. */
const containerFinder = (containers: TraceEvent[]) => {
  let at = 0;
  return ({ ts }: TraceEvent): TraceEvent | undefined => {
    for (let next = containers[at]; next && next.ts + next.dur <= ts; next = containers[at]) at += 1;
    const container = containers[at];
    return container && container.ts <= ts ? container : undefined;
  };
};

/**
 * Returns the complete events of the busiest main thread, in the order of time. The main threads of other pages are
 * idle.
 */
const mainThread = (events: TraceEvent[]): TraceEvent[] =>
  events
    .filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain")
    .map((main) => events.filter(({ ph, pid, tid }) => ph === "X" && pid === main.pid && tid === main.tid))
    .reduce((one, other) => (one.length > other.length ? one : other), [])
    .sort((one, other) => one.ts - other.ts || other.dur - one.dur);

const read = (events: TraceEvent[]): TracedEvents => {
  const thread = mainThread(events);
  const named = (names: string[]) => thread.filter(({ name }) => names.includes(name));
  const scripts = outermost(named(SCRIPT));
  const taskOf = containerFinder(outermost(named(["RunTask"])));
  const scriptOf = containerFinder(scripts);

  const perTask = new Map<TraceEvent | undefined, number>();
  for (const script of scripts) {
    const task = taskOf(script);
    perTask.set(task, (perTask.get(task) ?? 0) + (script.tdur ?? script.dur) / 1000);
  }
  return {
    longestScript: Math.max(0, ...perTask.values()),
    forcedLayouts: named(LAYOUT).filter(scriptOf).length,
  };
};

/** Starts a trace of a page. Returns a function that ends the trace and returns its results. */
export const startTrace = async (session: CDPSession): Promise<() => Promise<TracedEvents>> => {
  const events: TraceEvent[] = [];
  session.on("Tracing.dataCollected", ({ value }) => events.push(...(value as unknown[] as TraceEvent[])));
  await session.send("Tracing.start", { traceConfig: { includedCategories: CATEGORIES } });
  return async () => {
    const complete = new Promise((resolve) => session.once("Tracing.tracingComplete", resolve));
    await session.send("Tracing.end");
    await complete;
    return read(events);
  };
};
