import { call, read } from "./members.ts";

/** The nearest element, on or around this one, that matches a selector, across shadow roots. */
export const closest = (element: Element | undefined, selector: string): Element | undefined =>
  element &&
  (call(element, "closest", selector) ?? closest((call(element, "getRootNode") as ShadowRoot).host, selector));

const SHADOW_ROOT = 11;

/** The open shadow roots around the element that an event happened on. */
export const rootsAround = (event: Event): ShadowRoot[] =>
  event.composedPath().filter((node) => read(node as Node, "nodeType") === SHADOW_ROOT) as ShadowRoot[];
