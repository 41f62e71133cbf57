import { call } from "./members.ts";

/** The nearest element, on or around this one, that matches a selector, across shadow roots. */
export const closest = (element: Element | undefined, selector: string): Element | undefined =>
  element &&
  (call(element, "closest", selector) ?? closest((call(element, "getRootNode") as ShadowRoot).host, selector));
