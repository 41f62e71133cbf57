import { combineStops, listen, type Stop, share } from "./listen.ts";
import { createTimer } from "./timer.ts";

/**
 * Events that count as input, in groups (Chartbeat's list, with touch and wheel). `scroll` is a separate group, because
 * other inputs cause it.
 */
const INPUTS = ["pointermove pointerdown keydown wheel touchmove", "scroll"];

/** Length of an interval of {@link onInput}, in milliseconds. */
export const INPUT_INTERVAL_MS = 200;

/**
 * Listens for input, in intervals that start with the first input and last {@link INPUT_INTERVAL_MS}. In each, it
 * reports the first input of each group at once and ignores the rest. At the end it reports `undefined`, so that the
 * effects of the rest can be read. It has no listeners in between: the browser's call of a listener costs more than the
 * work in it.
 */
export const onInput = share<Event | undefined>((emit) => {
  let stops: Stop[] = [];
  const start = () => {
    stops = INPUTS.map((types) => {
      const stop = listen(window, types, (event) => {
        stop();
        intervalTimer.start(INPUT_INTERVAL_MS);
        emit(event);
      });
      return stop;
    });
  };
  const stop = () => combineStops(...stops, intervalTimer.stop)();
  const intervalTimer = createTimer(() => {
    stop();
    start();
    emit(undefined);
  });
  start();
  return stop;
});
