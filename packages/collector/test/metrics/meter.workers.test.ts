import { afterEach, describe, expect, it, vi } from "vitest";
import type { Samples } from "../../src/metrics/families.ts";
import { createMeter, type Meter } from "../../src/metrics/meter.ts";
import type { Metrics } from "../../src/metrics/metrics.ts";

const label = { route: "/v1/events", status: 200 };
const key = 'tidemark_requests_total{route="/v1/events",status="200"}';

/** A metrics object that records the received samples. Its first calls fail, as many as `failures`. */
const recorder = (failures = 0) => {
  const received: Samples[] = [];
  let left = failures;
  const stub = {
    async add(samples: Samples) {
      left -= 1;
      if (left >= 0) throw new Error("unreachable");
      received.push(samples);
    },
  } as unknown as DurableObjectStub<Metrics>;
  return { stub, received };
};

describe("a meter", () => {
  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  it("flushes once for all requests of two seconds", async () => {
    const { stub, received } = recorder();
    const meter = createMeter();
    const flushes = Array.from({ length: 20 }, () => {
      meter.count("tidemark_requests_total", label, 1);
      return meter.flush(() => stub);
    });
    await Promise.all(flushes);
    expect(received).toEqual([{ [key]: 20 }]);
  });

  it("keeps the counts of a failed flush for the next one", async () => {
    const { stub, received } = recorder(1);
    const meter = createMeter();
    vi.spyOn(scheduler, "wait").mockResolvedValue();
    vi.spyOn(console, "error").mockReturnValue();
    meter.count("tidemark_requests_total", label, 2);
    await meter.flush(() => stub);
    meter.count("tidemark_requests_total", label, 1);
    await meter.flush(() => stub);
    expect(received).toEqual([{ [key]: 3, 'tidemark_object_errors_total{object="Metrics"}': 1 }]);
  });

  it("keeps a bounded number of series, and all counts, while the metrics cannot be stored", async () => {
    const { stub, received } = recorder(40);
    const meter = createMeter();
    vi.spyOn(scheduler, "wait").mockResolvedValue();
    vi.spyOn(console, "error").mockReturnValue();
    for (let flush = 0; flush < 41; flush += 1) {
      for (let number = 0; number < 250; number += 1)
        meter.count("tidemark_sdk_events_total", { site: "shop", release: `js/${flush}.0.${number}` }, 2);
      await meter.flush(() => stub);
    }
    const stored = received[0] ?? {};
    expect(Object.keys(stored).length).toBeLessThan(2_500);
    const events = Object.entries(stored).filter(([name]) => name.startsWith("tidemark_sdk_events_total"));
    expect(events.reduce((sum, [, value]) => sum + value, 0)).toBe(41 * 250 * 2);
  });

  it("flushes again after the runtime ended the request whose flush was waiting", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const { stub, received } = recorder();
    const meter = createMeter();
    vi.spyOn(scheduler, "wait")
      .mockReturnValueOnce(new Promise(() => {}))
      .mockResolvedValue();
    meter.count("tidemark_requests_total", label, 1);
    void meter.flush(() => stub);
    await meter.flush(() => stub);
    expect(received).toEqual([]);
    vi.setSystemTime(Date.now() + 4_000);
    await meter.flush(() => stub);
    expect(received).toEqual([{ [key]: 1 }]);
  });

  it("counts the values of a histogram by bucket", async () => {
    const { stub, received } = recorder();
    const meter = createMeter();
    for (const seconds of [0, 0.005, 0.3, 0.3, 60])
      meter.observe("tidemark_wait_seconds", { on: "push", outcome: "ok" }, seconds);
    await meter.send(() => stub);
    const bucket = (le: string) => `tidemark_wait_seconds_bucket{on="push",outcome="ok",le="${le}"}`;
    expect(received).toEqual([
      {
        [bucket("0.005")]: 2,
        [bucket("0.5")]: 2,
        [bucket("+Inf")]: 1,
        'tidemark_wait_seconds_sum{on="push",outcome="ok"}': 60.605,
        'tidemark_wait_seconds_count{on="push",outcome="ok"}': 5,
      },
    ]);
  });

  it("sends at once, but no more often than every ten seconds, and nothing without counts", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const { stub, received } = recorder();
    const meter = createMeter();
    expect(meter.send(() => stub)).toBeUndefined();
    meter.count("tidemark_requests_total", label, 1);
    await meter.send(() => stub);
    meter.count("tidemark_requests_total", label, 2);
    vi.setSystemTime(Date.now() + 9_000);
    expect(meter.send(() => stub)).toBeUndefined();
    vi.setSystemTime(Date.now() + 1_000);
    await meter.send(() => stub);
    expect(received).toEqual([{ [key]: 1 }, { [key]: 2 }]);
    meter.count("tidemark_requests_total", label, 3);
    // The clock was set back by an hour.
    vi.setSystemTime(Date.now() - 3_600_000);
    await meter.send(() => stub);
    expect(received.at(-1)).toEqual({ [key]: 3 });
  });

  it("gives its counts to another meter once, at most every second", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const { stub, received } = recorder();
    const [meter, other] = [createMeter(), createMeter()];
    expect(meter.take()).toBeUndefined();
    meter.count("tidemark_requests_total", label, 1);
    other.add(meter.take() ?? {});
    meter.count("tidemark_requests_total", label, 5);
    expect(meter.take()).toBeUndefined();
    vi.setSystemTime(Date.now() + 1_000);
    other.add(meter.take() ?? {});
    await other.send(() => stub);
    await meter.send(() => stub);
    expect(received).toEqual([{ [key]: 6 }]);
  });
});

// The labels of a count are those of its family: another call does not compile.
export const typed = (meter: Meter): void => {
  // @ts-expect-error The label of the site is missing.
  meter.count("tidemark_events_late_total", { cause: "clock" }, 1);
  // @ts-expect-error The family has no label `model`.
  meter.count("tidemark_events_late_total", { site: "shop", cause: "clock", model: "a" }, 1);
  // @ts-expect-error A histogram has no counts.
  meter.count("tidemark_wait_seconds", { on: "push", outcome: "ok" }, 1);
};
