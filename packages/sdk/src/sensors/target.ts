import type { EventOf } from "@tidemark/schema";
import { call, isElement, read } from "./members.ts";
import { closest } from "./shadow-dom.ts";

/** The description of an element in an event. */
export type Target = EventOf<"click">["target"];

/** Selector of elements that a person acts on, or that the page names with `data-tm`. */
const MEANINGFUL =
  "a,button,input,select,textarea,label,summary,video,audio,[role=button],[role=link],[role=tab],[data-tm]";

const MAX_PATH_DEPTH = 6;

/** The innermost element that an event happened on, also inside open shadow roots. */
const innermost = (event: Event): Element | undefined => {
  const target = event.target as Node;
  if (!isElement(target)) return;
  return read(target, "shadowRoot") ? (event.composedPath()[0] as Element) : target;
};

/** The nearest meaningful element around the one that an event happened on, across shadow roots. */
export const meaningfulTarget = (event: Event): Element | undefined => closest(innermost(event), MEANINGFUL);

/** The nearest meaningful element, or else the innermost element that an event happened on. */
export const anyTarget = (event: Event): Element | undefined => meaningfulTarget(event) ?? innermost(event);

const pathOf = (element: Element): string => {
  const names: string[] = [];
  for (let at: Element | null = element; at && names.length < MAX_PATH_DEPTH; at = read(at, "parentElement")) {
    const id = call(at, "getAttribute", "id");
    names.unshift(id ? `#${id}` : read(at, "localName"));
    if (id) break;
  }
  return names.join(" > ").slice(0, 300);
};

/** Describes an element without its text, its value or its position among its siblings. */
export const describe = (element: Element): Target => {
  const attribute = (name: string, max: number) => call(element, "getAttribute", name)?.slice(0, max) || undefined;
  return {
    tag: read(element, "localName").slice(0, 64),
    id: attribute("id", 100),
    name: attribute("data-tm", 100),
    role: attribute("role", 40),
    path: pathOf(element),
  };
};
