/** The size of every tab's viewport, in CSS pixels: the same in all browsers, so that they can be compared. */
export const VIEWPORT = { width: 1200, height: 800 };
