/** Undoes what the call that returned it did. */
export type Stop = () => void;

/**
 * Listens in the capture phase and passively: it sees every event, also a stopped one, and delays none.
 *
 * @param types Names of the events, apart by spaces.
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

/** One stop for several. */
export const combineStops =
  (...stops: Stop[]): Stop =>
  () => {
    for (const stop of stops) stop();
  };
