import { listen, type Stop, share } from "./listen.ts";
import { createTimer } from "./timer.ts";

/** Inputs that show a person at the page (Chartbeat's list, with touch and wheel). */
const INPUTS = "pointermove pointerdown keydown wheel scroll touchmove";

/** Shortest time between two tellings, in milliseconds: a hand on the mouse makes hundreds of inputs a second. */
const TELL_EVERY_MS = 100;

/**
 * Hears that there are inputs: of the first at once, of those that follow ten times a second. In between it does not listen:
 * a listener that does nothing is called all the same.
 */
export const onActivity = share<void>((tell) => {
  let stop: Stop;
  const start = () => {
    stop = listen(window, INPUTS, () => {
      stop();
      resting.start(TELL_EVERY_MS);
      tell();
    });
  };
  const resting = createTimer(start);
  start();
  return () => {
    stop();
    resting.stop();
  };
});
