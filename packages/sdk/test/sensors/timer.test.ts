import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createTimer } from "../../src/sensors/timer.ts";

// The SDK takes the timers when it is loaded: the fake ones are installed before.
vi.hoisted(() => vi.useFakeTimers());

beforeEach(() => {
  vi.clearAllTimers();
});
afterAll(() => {
  vi.useRealTimers();
});

describe("a timer", () => {
  it("runs its function once, after the given time", () => {
    const run = vi.fn();
    createTimer(run).start(100);
    vi.advanceTimersByTime(99);
    expect(run).not.toHaveBeenCalled();
    vi.advanceTimersByTime(10_000);
    expect(run).toHaveBeenCalledOnce();
  });

  it("continues the first wait when it is started again", () => {
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

  it("does not run its function after a stop, and can be started again", () => {
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

  it("is running from its start until its function runs or it is stopped", () => {
    const states: boolean[] = [];
    const timer = createTimer(() => states.push(timer.isRunning()));
    states.push(timer.isRunning());
    timer.start();
    states.push(timer.isRunning());
    vi.advanceTimersByTime(0);
    timer.start();
    timer.stop();
    states.push(timer.isRunning());
    expect(states).toEqual([false, true, false, false]);
  });

  it("survives an exception of its function, and can be started again", () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    const run = vi.fn(() => {
      throw new Error("broken");
    });
    const timer = createTimer(run);
    timer.start(100);
    vi.advanceTimersByTime(100);
    timer.start(100);
    vi.advanceTimersByTime(100);
    expect(run).toHaveBeenCalledTimes(2);
    expect(warned).toHaveBeenCalledTimes(2);
    warned.mockRestore();
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
});
