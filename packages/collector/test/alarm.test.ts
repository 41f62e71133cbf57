import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ObjectAlarm } from "../src/alarm.ts";
import { LaterReleaseError } from "../src/release.ts";

const NOW = 1_800_000_000_000;

/** The times to which alarms were set. The storage keeps the latest one. */
let alarms: number[];
/** The times at which alarms were deleted. */
let deletions: number[];

/** Starts an object with the stored alarm. */
const start = async (): Promise<ObjectAlarm> => {
  let started: Promise<unknown> | undefined;
  const alarm = new ObjectAlarm({
    storage: {
      getAlarm: async () => alarms.at(-1) ?? null,
      setAlarm: (at: number) => alarms.push(at),
      deleteAlarm: async () => void deletions.push(Date.now()),
    },
    blockConcurrencyWhile(read: () => Promise<unknown>) {
      started = read();
      return started;
    },
  } as unknown as DurableObjectState);
  await started;
  return alarm;
};

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  alarms = [];
  deletions = [];
});
afterEach(() => {
  vi.useRealTimers();
});

it("is set for a time, and set again for an earlier one", async () => {
  const alarm = await start();
  alarm.ensure(undefined);
  alarm.ensure(NOW + 500);
  alarm.ensure(NOW + 100);
  expect(alarms).toEqual([NOW + 500, NOW + 100]);
});

it("is not set while it fires early enough, also after a restart", async () => {
  (await start()).ensure(NOW + 100);
  const restarted = await start();
  restarted.ensure(NOW + 100);
  restarted.ensure(NOW + 400);
  expect(alarms).toEqual([NOW + 100]);
});

it("is set again after it has fired", async () => {
  const alarm = await start();
  alarm.ensure(NOW + 100);
  await alarm.run(async () => {});
  alarm.ensure(NOW + 900);
  expect(alarms).toEqual([NOW + 100, NOW + 900]);
});

it("is set again after it was cancelled", async () => {
  const alarm = await start();
  alarm.ensure(NOW + 100);
  await alarm.cancel();
  await alarm.cancel();
  expect(deletions).toEqual([NOW]);
  alarm.ensure(NOW + 900);
  expect(alarms).toEqual([NOW + 100, NOW + 900]);
});

it("is set again when it should have fired", async () => {
  const alarm = await start();
  alarm.ensure(NOW + 100);
  vi.setSystemTime(NOW + 101);
  alarm.ensure(NOW + 900);
  expect(alarms).toEqual([NOW + 100, NOW + 900]);
});

describe("an alarm that fails", () => {
  const HOUR_MS = 3_600_000;

  const failing = (error: Error) => async () => {
    throw error;
  };
  const attempt = (retryCount: number) => ({ retryCount, isRetry: retryCount > 0, scheduledTime: NOW });

  beforeEach(() => {
    vi.spyOn(console, "error").mockReturnValue();
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("is retried by the platform, and fires again in an hour when the retries are used up", async () => {
    const alarm = await start();
    const broken = failing(new Error("broken"));
    for (const retryCount of [0, 1, 2, 3, 4]) await expect(alarm.run(broken, attempt(retryCount))).rejects.toThrow();
    expect(alarms).toEqual([]);
    await alarm.run(broken, attempt(5));
    expect(alarms).toEqual([NOW + HOUR_MS]);
  });

  it("fires again in an hour, without a retry, for a value of a later release", async () => {
    const alarm = await start();
    await alarm.run(failing(new LaterReleaseError("later")), attempt(0));
    vi.setSystemTime(NOW + HOUR_MS);
    await alarm.run(failing(new LaterReleaseError("later")), attempt(0));
    expect(alarms).toEqual([NOW + HOUR_MS, NOW + 2 * HOUR_MS]);
  });

  it("keeps an earlier time that it was set to", async () => {
    const alarm = await start();
    await alarm.run(async () => {
      alarm.ensure(NOW + 60_000);
      throw new LaterReleaseError("later");
    });
    expect(alarms).toEqual([NOW + 60_000]);
  });
});
