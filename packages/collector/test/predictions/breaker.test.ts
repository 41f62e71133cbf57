import { describe, expect, it } from "vitest";
import { createBreaker } from "../../src/predictions/breaker.ts";

const failing = (times: number, now = 0) => {
  const breaker = createBreaker();
  for (let call = 0; call < times; call += 1) {
    expect(breaker.admits(now)).toBe(true);
    breaker.fail(now);
  }
  return breaker;
};

describe("a breaker", () => {
  it("opens after five failures in a row", () => {
    expect(failing(4).admits(0)).toBe(true);
    expect(failing(5).admits(0)).toBe(false);
    const breaker = failing(4);
    breaker.succeed();
    breaker.fail(0);
    expect(breaker.admits(0)).toBe(true);
  });

  it("admits one trial after a second, and closes with its success", () => {
    const breaker = failing(5);
    expect(breaker.admits(999)).toBe(false);
    expect(breaker.admits(1_000)).toBe(true);
    expect(breaker.admits(1_001)).toBe(false);
    breaker.succeed();
    expect([breaker.admits(1_001), breaker.admits(1_001)]).toEqual([true, true]);
    for (let call = 0; call < 4; call += 1) breaker.fail(2_000);
    expect(breaker.admits(2_000)).toBe(true);
  });

  it("stays open for twice as long after each failed trial, and at most 30 seconds", () => {
    const breaker = failing(5);
    let now = 0;
    for (const wait of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      expect(breaker.admits(now + wait - 1)).toBe(false);
      now += wait;
      expect(breaker.admits(now)).toBe(true);
      breaker.fail(now);
    }
  });

  it("does not stay open for longer because of calls that were in progress when it opened", () => {
    const breaker = createBreaker();
    for (let call = 0; call < 50; call += 1) expect(breaker.admits(0)).toBe(true);
    for (let call = 0; call < 50; call += 1) breaker.fail(call);
    expect(breaker.admits(1_003)).toBe(false);
    expect(breaker.admits(1_004)).toBe(true);
    breaker.fail(1_004);
    expect(breaker.admits(3_003)).toBe(false);
    expect(breaker.admits(3_004)).toBe(true);
  });

  it("admits another trial if one never ends, and a call after the clock was set back", () => {
    const breaker = failing(5);
    expect(breaker.admits(1_000)).toBe(true);
    expect(breaker.admits(1_999)).toBe(false);
    expect(breaker.admits(2_000)).toBe(true);
    expect(failing(5, 1_000_000).admits(0)).toBe(true);
  });
});
