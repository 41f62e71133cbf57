/** Undoes what the call that returned it did. */
export type Stop = () => void;

/** Listens in the capture phase and passively: it sees every event, also a stopped one, and delays none. */
export const listen = <E extends Event>(target: EventTarget, types: string[], hear: (event: E) => unknown): Stop => {
  const options = { capture: true, passive: true };
  for (const type of types) target.addEventListener(type, hear as EventListener, options);
  return () => {
    for (const type of types) target.removeEventListener(type, hear as EventListener, options);
  };
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
