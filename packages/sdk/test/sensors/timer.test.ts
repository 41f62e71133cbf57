import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createTimer } from "../../src/sensors/timer.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it("runs its function once, after the time", () => {
  const run = vi.fn();
  createTimer(run).start(100);
  vi.advanceTimersByTime(99);
  expect(run).not.toHaveBeenCalled();
  vi.advanceTimersByTime(10_000);
  expect(run).toHaveBeenCalledOnce();
});

it("keeps the first wait when it is started again", () => {
  const run = vi.fn();
  const timer = createTimer(run);
  timer.start(100);
  vi.advanceTimersByTime(50);
  timer.start(500);
  vi.advanceTimersByTime(50);
  expect(run).toHaveBeenCalledOnce();
  vi.advanceTimersByTime(1_000);
  expect(run).toHaveBeenCalledOnce();
});

it("does not run its function once it is stopped, and can be started again", () => {
  const run = vi.fn();
  const timer = createTimer(run);
  timer.start(100);
  timer.stop();
  vi.advanceTimersByTime(1_000);
  expect(run).not.toHaveBeenCalled();
  timer.start(100);
  vi.advanceTimersByTime(100);
  expect(run).toHaveBeenCalledOnce();
});

it("is running from the start to the run or the stop, and not while its function runs", () => {
  const seen: boolean[] = [];
  const timer = createTimer(() => seen.push(timer.isRunning()));
  seen.push(timer.isRunning());
  timer.start();
  seen.push(timer.isRunning());
  vi.advanceTimersByTime(0);
  timer.start();
  timer.stop();
  seen.push(timer.isRunning());
  expect(seen).toEqual([false, true, false, false]);
});

it("can be started by its own function", () => {
  let runs = 0;
  const timer = createTimer(() => {
    runs += 1;
    if (runs < 3) timer.start(100);
  });
  timer.start(100);
  vi.advanceTimersByTime(1_000);
  expect(runs).toBe(3);
});
