import type { CDPSession } from "playwright-core";

/** What a trace tells of the script of a page that has no other. */
export interface Traced {
  /** Most processor time that script took of one task, in milliseconds. */
  longestScript: number;
  /** Style recalculations and layouts that happened within script: it asked for what was not up to date. */
  forcedLayouts: number;
}

/** A complete event of a trace. Its times are in microseconds. */
interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  ts: number;
  dur: number;
  /** Processor time, where the system tells it. */
  tdur?: number;
  args: { name?: string };
}

const CATEGORIES = ["devtools.timeline", "disabled-by-default-devtools.timeline", "v8", "v8.execute"];

/** What contains script and nothing else; a call contains the microtasks that follow it. */
const SCRIPT = ["EvaluateScript", "FunctionCall", "v8.callFunction", "RunMicrotasks"];

const LAYOUT = ["UpdateLayoutTree", "Layout"];

/** The events that lie in no other one of them. */
const outermost = (events: TraceEvent[]): TraceEvent[] => {
  let end = 0;
  return events.filter(({ ts, dur }) => {
    if (ts < end) return false;
    end = ts + dur;
    return true;
  });
};

/** Tells in which of the hosts an event lies, if the events are asked for in the order of time. */
const hostAmong = (hosts: TraceEvent[]) => {
  let at = 0;
  return ({ ts }: TraceEvent): TraceEvent | undefined => {
    for (let host = hosts[at]; host && host.ts + host.dur <= ts; host = hosts[at]) at += 1;
    const host = hosts[at];
    return host && host.ts <= ts ? host : undefined;
  };
};

/** The complete events of the busiest main thread, in the order of time: other pages stand idle. */
const mainThread = (events: TraceEvent[]): TraceEvent[] =>
  events
    .filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain")
    .map((main) => events.filter(({ ph, pid, tid }) => ph === "X" && pid === main.pid && tid === main.tid))
    .reduce((one, other) => (one.length > other.length ? one : other), [])
    .sort((one, other) => one.ts - other.ts || other.dur - one.dur);

const read = (events: TraceEvent[]): Traced => {
  const thread = mainThread(events);
  const named = (names: string[]) => thread.filter(({ name }) => names.includes(name));
  const scripts = outermost(named(SCRIPT));
  const taskOf = hostAmong(outermost(named(["RunTask"])));
  const scriptOf = hostAmong(scripts);

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

/** Starts a trace of a page. Returns what ends it and reads it. */
export const startTrace = async (session: CDPSession): Promise<() => Promise<Traced>> => {
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
