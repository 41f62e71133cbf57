/** Undoes what the call that returned it did. */
export type Stop = () => void;

/**
 * Listens in the capture phase and passively: it sees every event, also a stopped one, and delays none.
 *
 * @param types Names of the events, apart by spaces.
 */
export const listen = <E extends Event>(target: EventTarget, types: string, hear: (event: E) => unknown): Stop => {
  const each = (act: "addEventListener" | "removeEventListener") => {
    for (const type of types.split(" ")) target[act](type, hear as EventListener, { capture: true, passive: true });
  };
  each("addEventListener");
  return () => each("removeEventListener");
};

/** One source for many hearers: it starts with the first and stops with the last. */
export const share = <T>(start: (tell: (value: T) => void) => Stop): ((hear: (value: T) => void) => Stop) => {
  const hearers = new Set<(value: T) => void>();
  let stop: Stop | undefined;
  return (hear) => {
    hearers.add(hear);
    stop ??= start((value) => {
      for (const each of hearers) each(value);
    });
    return () => {
      hearers.delete(hear);
      if (!hearers.size) {
        stop?.();
        stop = undefined;
      }
    };
  };
};

/** One stop for several. */
export const together =
  (...stops: Stop[]): Stop =>
  () => {
    for (const stop of stops) stop();
  };
