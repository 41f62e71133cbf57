import { runEach } from "../guard.ts";

/** A function that undoes the call that returned it. */
export type Stop = () => void;

/**
 * Adds a passive listener in the capture phase. It receives events whose propagation is stopped too, and delays none.
 *
 * @param types Names of the events, separated by spaces.
 */
export const listen = <E extends Event>(target: EventTarget, types: string, listener: (event: E) => unknown): Stop => {
  const each = (act: "addEventListener" | "removeEventListener") => {
    for (const type of types.split(" ")) target[act](type, listener as EventListener, { capture: true, passive: true });
  };
  each("addEventListener");
  return () => each("removeEventListener");
};

/** Shares one source among many listeners: the source starts with the first listener and stops with the last. */
export const share = <T>(start: (emit: (value: T) => void) => Stop): ((listener: (value: T) => void) => Stop) => {
  const listeners = new Set<(value: T) => void>();
  let stop: Stop | undefined;
  return (listener) => {
    listeners.add(listener);
    stop ??= start((value) => {
      for (const each of listeners) each(value);
    });
    return () => {
      listeners.delete(listener);
      if (!listeners.size) {
        stop?.();
        stop = undefined;
      }
    };
  };
};

/** Combines several stop functions into one, which calls them in order, each by itself. */
export const combineStops =
  (...stops: Stop[]): Stop =>
  () =>
    runEach(...stops);
