import { listen, share } from "./listen.ts";

/** Inputs that show a person at the page (Chartbeat's list, with touch and wheel). */
const INPUTS = "pointermove pointerdown keydown wheel scroll touchmove";

/** Shortest time between two tellings, in milliseconds: a hand on the mouse makes hundreds of inputs a second. */
const TELL_EVERY_MS = 100;

/** Hears that there are inputs: of the first at once, of those that follow ten times a second. */
export const onActivity = share<void>((tell) => {
  let told = 0;
  return listen(window, INPUTS, ({ timeStamp }) => {
    if (timeStamp - told < TELL_EVERY_MS) return;
    told = timeStamp;
    tell();
  });
});
