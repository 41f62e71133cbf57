import { type Stop, share } from "./listen.ts";

let activeHolds = 0;
let emitChange: (() => void) | undefined;

/** Listens for the start and the end of each hold. */
export const onHoldChange = share<void>((emit) => {
  emitChange = emit;
  return () => {
    emitChange = undefined;
  };
});

/** Whether any hold is active. */
export const isHeld = (): boolean => activeHolds > 0;

/**
 * Counts the visitor as active without input, for example while a video plays or a text is read aloud. Engaged time
 * still requires that the page is visible and has the focus.
 *
 * @returns A function that ends the hold.
 */
export const hold = (): Stop => {
  let count = 1;
  activeHolds += count;
  emitChange?.();
  return () => {
    activeHolds -= count;
    count = 0;
    emitChange?.();
  };
};
