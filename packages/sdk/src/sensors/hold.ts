import { type Stop, share } from "./listen.ts";

let holders = 0;
let tellChange: (() => void) | undefined;

/** Hears that holding began or ended. */
export const onHoldChange = share<void>((tell) => {
  tellChange = tell;
  return () => {
    tellChange = undefined;
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
  tellChange?.();
  return () => {
    holders -= holding;
    holding = 0;
    tellChange?.();
  };
};
