import { combineStops, listen, type Stop, share } from "./listen.ts";
import { createTimer } from "./timer.ts";

/** Inputs that show a person at the page (Chartbeat's list, with touch and wheel). Scrolling follows the others. */
const INPUTS = ["pointermove pointerdown keydown wheel touchmove", "scroll"];

/** How long nothing more is heard after an input, in milliseconds. */
export const INPUT_INTERVAL_MS = 200;

/**
 * Hears of inputs in pulses: of the first at once, then of no more, and at the pulse's end, without an event, that what they
 * changed can be looked at. Nothing listens in between: that the browser calls at all costs a page more than what is done then.
 */
export const onInput = share<Event | undefined>((emit) => {
  let stops: Stop[] = [];
  const start = () => {
    stops = INPUTS.map((types) => {
      const stop = listen(window, types, (event) => {
        stop();
        pulse.start(INPUT_INTERVAL_MS);
        emit(event);
      });
      return stop;
    });
  };
  const stop = () => combineStops(...stops, pulse.stop)();
  const pulse = createTimer(() => {
    stop();
    start();
    emit(undefined);
  });
  start();
  return stop;
});
