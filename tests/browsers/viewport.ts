/** Size of every tab's viewport, in CSS pixels. It is the same in all browsers, so that results are comparable. */
export const VIEWPORT = { width: 1200, height: 800 };
