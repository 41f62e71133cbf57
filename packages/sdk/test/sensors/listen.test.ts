import { describe, expect, it, vi } from "vitest";
import { combineStops, listen, share } from "../../src/sensors/listen.ts";

describe("listen", () => {
  it("receives each of the named events until it is stopped", () => {
    const target = new EventTarget();
    const received: string[] = [];
    const stop = listen(target, "keydown wheel", ({ type }) => received.push(type));
    for (const type of ["keydown", "wheel", "scroll"]) target.dispatchEvent(new Event(type));
    stop();
    target.dispatchEvent(new Event("keydown"));
    expect(received).toEqual(["keydown", "wheel"]);
  });

  it("listens passively and in the capture phase", () => {
    const added = vi.spyOn(EventTarget.prototype, "addEventListener");
    listen(new EventTarget(), "wheel", () => {});
    expect(added).toHaveBeenCalledWith("wheel", expect.any(Function), { capture: true, passive: true });
    added.mockRestore();
  });
});

describe("share", () => {
  const createSource = () => {
    const source = { starts: 0, stops: 0, emit: (_: number) => {} };
    const subscribe = share<number>((emit) => {
      source.starts += 1;
      source.emit = emit;
      return () => {
        source.stops += 1;
      };
    });
    return { source, subscribe };
  };

  it("starts with the first listener and stops with the last", () => {
    const { source, subscribe } = createSource();
    expect(source.starts).toBe(0);
    const stops = [subscribe(() => {}), subscribe(() => {})];
    expect(source).toMatchObject({ starts: 1, stops: 0 });
    stops[0]?.();
    expect(source.stops).toBe(0);
    stops[1]?.();
    expect(source).toMatchObject({ starts: 1, stops: 1 });
    subscribe(() => {});
    expect(source.starts).toBe(2);
  });

  it("passes each value to every current listener", () => {
    const { source, subscribe } = createSource();
    const [first, second] = [vi.fn(), vi.fn()];
    const stop = subscribe(first);
    subscribe(second);
    source.emit(1);
    stop();
    source.emit(2);
    expect(first.mock.calls).toEqual([[1]]);
    expect(second.mock.calls).toEqual([[1], [2]]);
  });

  it("passes each value to all listeners, whatever one of them throws", () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    const { source, subscribe } = createSource();
    const received = vi.fn();
    subscribe(() => {
      throw new Error("broken");
    });
    subscribe(received);
    source.emit(1);
    expect(received.mock.calls).toEqual([[1]]);
    expect(warned).toHaveBeenCalledOnce();
    warned.mockRestore();
  });

  it("stops the source once when a listener is removed twice", () => {
    const { source, subscribe } = createSource();
    const stop = subscribe(() => {});
    stop();
    stop();
    expect(source.stops).toBe(1);
  });
});

describe("combineStops", () => {
  it("calls all stop functions in order", () => {
    const stopped: number[] = [];
    combineStops(
      () => stopped.push(1),
      () => stopped.push(2),
    )();
    expect(stopped).toEqual([1, 2]);
  });
});
