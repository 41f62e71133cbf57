import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { JOURNAL_START } from "../../src/entities/journal.ts";
import { SinkWakes, startOf } from "../../src/partition/sink-wakes.ts";
import { MemoryKv } from "../entities/memory-storage.ts";
import { START, settle, useVirtualTime, type VirtualTime } from "../entities/virtual-time.ts";

let time: VirtualTime;

beforeEach(() => {
  time = useVirtualTime();
  vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** A stream with sinks, and the times of their calls in milliseconds since the start. */
const createStream = (sinks: readonly string[], respond: (sink: string) => Promise<void> = async () => {}) => {
  const latest = { ...JOURNAL_START };
  const calls: [sink: string, at: number][] = [];
  const kv = new MemoryKv();
  const wakes = new SinkWakes(
    kv,
    sinks,
    () => latest,
    (sink) => {
      calls.push([sink, Date.now() - START]);
      return respond(sink);
    },
  );
  const append = (records: number) => {
    latest.position += 1;
    latest.record_count += records;
    return wakes.wake();
  };
  return { append, calls, kv, wakes };
};

describe("the calls of sinks", () => {
  it("are made at once, and then by an alarm after ten seconds while few records wait", async () => {
    const { append, calls, wakes } = createStream(["one"]);
    expect(await append(1)).toBeUndefined();
    await time.advance(500);
    expect(await append(1)).toBe(START + 10_000);
    expect(wakes.alarmAt(Date.now())).toBe(START + 10_000);
    expect(time.due().filter((at) => at > START + 1_000)).toEqual([]);
    await time.advance(9_500);
    expect(await wakes.wake()).toBeUndefined();
    expect(await wakes.wake()).toBeUndefined();
    expect(calls).toEqual([
      ["one", 0],
      ["one", 10_000],
    ]);
  });

  it("are made twice a second while many records wait", async () => {
    const { append, calls } = createStream(["one"]);
    await append(100);
    for (let tenth = 0; tenth < 20; tenth += 1) {
      void append(100);
      await time.advance(100);
    }
    await time.advance(2_000);
    expect(calls.map(([, at]) => at)).toEqual([0, 500, 1_000, 1_500, 2_000]);
  });

  it("are made by the first record after five seconds while some records wait", async () => {
    const { append, calls } = createStream(["one"]);
    await append(1);
    expect(await append(16)).toBe(START + 10_000);
    await time.advance(5_000);
    expect(await append(1)).toBeUndefined();
    expect(calls.map(([, at]) => at)).toEqual([0, 5_000]);
  });

  it("of a sink that does not respond are not repeated, and hold up those of another by at most a second", async () => {
    const { append, calls } = createStream(["dead", "alive"], (sink) =>
      sink === "dead" ? new Promise(() => {}) : Promise.resolve(),
    );
    const first = append(1);
    await time.advance(1_000);
    expect(await first).toBe(START + 61_000);
    await time.advance(9_000);
    await append(1);
    expect(calls).toEqual([
      ["dead", 0],
      ["alive", 0],
      ["alive", 10_000],
    ]);
  });

  it("that fail after minutes without a response are repeated by the next alarm", async () => {
    let fail = (_: Error) => {};
    const hanging = new Promise<void>((_, reject) => {
      fail = reject;
    });
    const { append, calls, wakes } = createStream(["one"], () => (calls.length === 1 ? hanging : Promise.resolve()));
    const first = append(1);
    await time.advance(61_000);
    expect(await first).toBe(START + 61_000);
    expect(wakes.alarmAfterAlarm(Date.now())).toBeUndefined();
    expect(await wakes.wake()).toBe(START + 121_000);
    fail(new Error("away"));
    await time.advance(60_000);
    expect(await wakes.wake()).toBeUndefined();
    expect(calls.map(([, at]) => at)).toEqual([0, 121_000]);
  });

  it("that fail are repeated within a minute", async () => {
    let isAway = true;
    const { append, calls, wakes } = createStream(["one"], async () => {
      if (isAway) throw new Error("away");
    });
    expect(await append(1)).toBe(START + 60_000);
    isAway = false;
    await time.advance(60_000);
    expect(await wakes.wake()).toBeUndefined();
    expect(calls.map(([, at]) => at)).toEqual([0, 60_000]);
  });

  it("go on after the clock was set back", async () => {
    const { append, calls } = createStream(["one"]);
    await append(1);
    vi.setSystemTime(START - 86_400_000);
    expect(await append(1)).toBe(START - 86_400_000 + 10_000);
    await settle();
    expect(calls).toHaveLength(1);
  });
});

it("a sink begins where the stream was when the partition first had it", async () => {
  const { append, kv } = createStream(["one"]);
  await append(1);
  const latest = { ...JOURNAL_START, position: 7 };
  void new SinkWakes(
    kv,
    ["one", "two"],
    () => latest,
    async () => {},
  );
  expect([startOf(kv, "one"), startOf(kv, "two"), startOf(kv, "three"), startOf(kv, "toString")]).toEqual([
    ...[0, 7, undefined, undefined],
  ]);
});
