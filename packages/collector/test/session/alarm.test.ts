import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { SessionAlarm } from "../../src/session/alarm.ts";

const NOW = 1_800_000_000_000;

/** The times to which alarms were set. The storage keeps the latest one. */
let alarms: number[];

/** Starts an object with the stored alarm. */
const start = async (): Promise<SessionAlarm> => {
  let started: Promise<unknown> | undefined;
  const alarm = new SessionAlarm({
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

it("is set for the first duty, and set again for an earlier one", async () => {
  const alarm = await start();
  alarm.ensure([]);
  alarm.ensure([["close", NOW + 500]]);
  alarm.ensure([
    ["push", NOW + 100],
    ["close", NOW + 500],
  ]);
  expect(alarms).toEqual([NOW + 500, NOW + 100]);
});

it("is not set while it fires early enough, also after a restart", async () => {
  (await start()).ensure([["push", NOW + 100]]);
  const restarted = await start();
  restarted.ensure([["push", NOW + 100]]);
  restarted.ensure([["close", NOW + 400]]);
  expect(alarms).toEqual([NOW + 100]);
});

it("is set again after it has fired", async () => {
  const alarm = await start();
  alarm.ensure([["push", NOW + 100]]);
  alarm.noteFired();
  alarm.ensure([["close", NOW + 900]]);
  expect(alarms).toEqual([NOW + 100, NOW + 900]);
});

it("is set again when it should have fired", async () => {
  const alarm = await start();
  alarm.ensure([["push", NOW + 100]]);
  vi.setSystemTime(NOW + 101);
  alarm.ensure([["close", NOW + 900]]);
  expect(alarms).toEqual([NOW + 100, NOW + 900]);
});
