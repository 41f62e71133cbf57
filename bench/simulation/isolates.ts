import { createPlatform, loadWorker } from "./platform.ts";

/** The load of a large site, by assumption: its isolates, and the requests that each serves in a second. */
export const ISOLATES = 1_000;
export const ISOLATE_REQUESTS = 10;

/** Simulated time before the measurement, and of it, in seconds. */
const WARM_UP_S = 3;
const MEASURED_S = 10;

/** The use of the metrics objects by {@link ISOLATES} isolates in one second. */
export interface MetricsUsage {
  objects: number;
  /** Calls to the busiest object in its busiest second. */
  busiestSecond: number;
  calls: number;
  rowsWritten: number;
  rowsRead: number;
  activeMs: number;
}

/** A metrics object, as an isolate sees it. */
interface MetricsStub {
  add(samples: object): Promise<void>;
}

/** The exports of `workers/metrics.ts`. */
interface Exports {
  Metrics: new (context: object, env: object) => object;
  allMetrics(env: object): MetricsStub[];
  createMeter(): {
    count(family: string, labels: Record<string, string | number>, amount: number): void;
    flush(metrics: () => MetricsStub): Promise<void> | undefined;
  };
}

/** Simulates the real meters of many isolates and the real metrics objects. */
export const simulateIsolates = async (): Promise<MetricsUsage> => {
  const loaded: { exports?: Exports } = {};
  const platform = createPlatform(() => ({ METRICS: (loaded.exports as Exports).Metrics }), ["METRICS"]);
  const exports = await loadWorker<Exports>(new URL("./workers/metrics.ts", import.meta.url), platform);
  loaded.exports = exports;
  const metrics = exports.allMetrics(platform.env);
  for (let isolate = 0; isolate < ISOLATES; isolate += 1) {
    const meter = exports.createMeter();
    const stub = metrics[isolate % metrics.length] as MetricsStub;
    const serve = () => {
      meter.count("tidemark_requests_total", { route: "/v1/events", status: 200 }, 1);
      void meter.flush(() => stub);
      platform.schedule(1_000 / ISOLATE_REQUESTS, serve);
    };
    platform.schedule((isolate * 1_000) / ISOLATES, serve);
  }
  await platform.advance(WARM_UP_S * 1_000);
  platform.startMeasuring();
  await platform.advance(MEASURED_S * 1_000);
  platform.endMeasuring();
  const perSecond = (name: "calls" | "rowsWritten" | "rowsRead" | "activeMs") =>
    platform.objects.reduce((total, { usage }) => total + usage[name], 0) / MEASURED_S;
  return {
    objects: platform.objects.length,
    busiestSecond: Math.max(...platform.objects.map(({ busiestSecond }) => busiestSecond)),
    calls: perSecond("calls"),
    rowsWritten: perSecond("rowsWritten"),
    rowsRead: perSecond("rowsRead"),
    activeMs: perSecond("activeMs"),
  };
};
