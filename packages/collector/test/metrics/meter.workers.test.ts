import { afterEach, describe, expect, it, vi } from "vitest";
import type { Samples } from "../../src/metrics/families.ts";
import { createMeter } from "../../src/metrics/meter.ts";
import type { Metrics } from "../../src/metrics/metrics.ts";

const label = { route: "/v1/events", status: 200 };
const figure = 'tidemark_requests_total{route="/v1/events",status="200"}';

/** An object that notes what it is handed, and fails as often as it is told. */
const recorder = (failures = 0) => {
  const handed: Samples[] = [];
  let left = failures;
  const stub = {
    async add(figures: Samples) {
      left -= 1;
      if (left >= 0) throw new Error("away");
      handed.push(figures);
    },
  } as unknown as DurableObjectStub<Metrics>;
  return { stub, handed };
};

describe("a meter", () => {
  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  it("hands over once, whatever number of requests ask for it meanwhile", async () => {
    const { stub, handed } = recorder();
    const meter = createMeter();
    const asked = Array.from({ length: 20 }, () => {
      meter.count("tidemark_requests_total", label, 1);
      return meter.flush(() => stub);
    });
    await Promise.all(asked);
    expect(handed).toEqual([{ [figure]: 20 }]);
  });

  it("keeps what it could not hand over for the next time", async () => {
    const { stub, handed } = recorder(1);
    const meter = createMeter();
    vi.spyOn(scheduler, "wait").mockResolvedValue();
    vi.spyOn(console, "error").mockReturnValue();
    meter.count("tidemark_requests_total", label, 2);
    await meter.flush(() => stub);
    meter.count("tidemark_requests_total", label, 1);
    await meter.flush(() => stub);
    expect(handed).toEqual([{ [figure]: 3 }]);
  });

  it("goes on when the request that waited to hand over was ended by the runtime", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const { stub, handed } = recorder();
    const meter = createMeter();
    vi.spyOn(scheduler, "wait")
      .mockReturnValueOnce(new Promise(() => {}))
      .mockResolvedValue();
    meter.count("tidemark_requests_total", label, 1);
    void meter.flush(() => stub);
    await meter.flush(() => stub);
    expect(handed).toEqual([]);
    vi.setSystemTime(Date.now() + 2_000);
    await meter.flush(() => stub);
    expect(handed).toEqual([{ [figure]: 1 }]);
  });
});
