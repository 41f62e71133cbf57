import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ObjectAlarm } from "../src/alarm.ts";

const NOW = 1_800_000_000_000;

/** The times to which alarms were set. The storage keeps the latest one. */
let alarms: number[];

/** Starts an object with the stored alarm. */
const start = async (): Promise<ObjectAlarm> => {
  let started: Promise<unknown> | undefined;
  const alarm = new ObjectAlarm({
    storage: { getAlarm: async () => alarms.at(-1) ?? null, setAlarm: (at: number) => alarms.push(at) },
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
  alarm.noteFired();
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
