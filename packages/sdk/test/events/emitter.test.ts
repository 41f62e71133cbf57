import { afterEach, describe, expect, it, vi } from "vitest";
import { createEmitter } from "../../src/events/emitter.ts";

interface Events {
  number: number;
  word: string;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("createEmitter", () => {
  it("notifies the listeners of an event's type, in the order in which they were added", () => {
    const { on, emit } = createEmitter<Events>();
    const received: unknown[] = [];
    on("number", (value) => received.push(["first", value]));
    on("word", (value) => received.push(["word", value]));
    on("number", (value) => received.push(["second", value]));
    emit("number", 7);
    expect(received).toEqual([
      ["first", 7],
      ["second", 7],
    ]);
  });

  it("does not notify a removed listener", () => {
    const { on, emit } = createEmitter<Events>();
    const [removed, other] = [vi.fn(), vi.fn()];
    const stop = on("number", removed);
    on("number", other);
    stop();
    emit("number", 1);
    expect(removed).not.toHaveBeenCalled();
    expect(other).toHaveBeenCalledOnce();
  });

  it("notifies a function as often as it was added, until each is removed", () => {
    const { on, emit } = createEmitter<Events>();
    const listener = vi.fn();
    const stop = on("number", listener);
    on("number", listener);
    emit("number", 1);
    expect(listener).toHaveBeenCalledTimes(2);
    stop();
    emit("number", 2);
    expect(listener).toHaveBeenCalledTimes(3);
  });

  it("warns about an exception of a listener and notifies the others", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const { on, emit } = createEmitter<Events>();
    const other = vi.fn();
    const error = new Error("broken");
    on("word", () => {
      throw error;
    });
    on("word", other);
    emit("word", "hello");
    expect(other).toHaveBeenCalledWith("hello");
    expect(warn).toHaveBeenCalledWith("[tidemark]", error);
  });
});
