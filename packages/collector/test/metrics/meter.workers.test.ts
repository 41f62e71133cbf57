import { afterEach, describe, expect, it, vi } from "vitest";
import type { Samples } from "../../src/metrics/families.ts";
import { createMeter } from "../../src/metrics/meter.ts";
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

  it("flushes once for all requests of a second", async () => {
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
    expect(received).toEqual([{ [key]: 3 }]);
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
    vi.setSystemTime(Date.now() + 2_000);
    await meter.flush(() => stub);
    expect(received).toEqual([{ [key]: 1 }]);
  });
});
