import { type Stop, share } from "./listen.ts";

let holders = 0;
let emitChange: (() => void) | undefined;

/** Listens for the begin and the end of each hold. */
export const onHoldChange = share<void>((emit) => {
  emitChange = emit;
  return () => {
    emitChange = undefined;
  };
});

/** Whether somebody holds the visitor to be engaged. */
export const isHeld = (): boolean => holders > 0;

/**
 * Holds the visitor to be engaged without input, until the function that it returns is called: a film is playing, a text is
 * read aloud. Only a page that is visible and has the focus is engaged all the same.
 */
export const hold = (): Stop => {
  let holding = 1;
  holders += holding;
  emitChange?.();
  return () => {
    holders -= holding;
    holding = 0;
    emitChange?.();
  };
};
