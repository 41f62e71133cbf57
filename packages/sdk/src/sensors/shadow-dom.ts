import { ShadowRoot } from "../platform.ts";
import { call, read } from "./members.ts";

/** The element around this one, across shadow roots. */
export const parentOf = (element: Element): Element | undefined =>
  read(element, "parentElement") ?? (call(element, "getRootNode") as ShadowRoot).host;

/** The nearest element, on or around this one, that matches a selector, across shadow roots. */
export const closest = (element: Element | undefined, selector: string): Element | undefined =>
  element &&
  (call(element, "closest", selector) ?? closest((call(element, "getRootNode") as ShadowRoot).host, selector));

/** The open shadow roots in an event's path. */
export const rootsIn = (path: EventTarget[]): ShadowRoot[] =>
  path.filter((node): node is ShadowRoot => ShadowRoot && node instanceof ShadowRoot);
