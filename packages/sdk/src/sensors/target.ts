import type { EventOf } from "@tidemark/schema";
import { closest } from "./shadow-dom.ts";

/** What an element is called in an event. */
export type Target = EventOf<"click">["target"];

/** Elements that a person acts on, or that the page's author named. */
const MEANINGFUL =
  "a,button,input,select,textarea,label,summary,video,audio,[role=button],[role=link],[role=tab],[data-tm]";

const MAX_PATH_DEPTH = 6;

/** The element that an event happened on, inside of open shadow roots too. */
const innermost = (event: Event): Element | undefined => {
  const target = event.target as Element;
  // What cannot look for the closest element is none: the document.
  return target.shadowRoot ? (event.composedPath()[0] as Element) : (target.closest as unknown) ? target : undefined;
};

/** The nearest meaningful element around the one that an event happened on, across shadow roots. */
export const meaningfulTarget = (event: Event): Element | undefined => closest(innermost(event), MEANINGFUL);

/** The nearest meaningful element, or else the very element that an event happened on. */
export const anyTarget = (event: Event): Element | undefined => meaningfulTarget(event) ?? innermost(event);

const pathOf = (element: Element): string => {
  const names: string[] = [];
  for (let at: Element | null = element; at && names.length < MAX_PATH_DEPTH; at = at.parentElement) {
    const id = at.getAttribute("id");
    names.unshift(id ? `#${id}` : at.localName);
    if (id) break;
  }
  return names.join(" > ").slice(0, 300);
};

/** Names an element without its text, its value or its place among its siblings. */
export const describe = (element: Element): Target => {
  // Not the property: a form with a field called "id" would answer with that field.
  const attribute = (name: string, max: number) => element.getAttribute(name)?.slice(0, max) || undefined;
  return {
    tag: element.localName.slice(0, 64),
    id: attribute("id", 100),
    name: attribute("data-tm", 100),
    role: attribute("role", 40),
    path: pathOf(element),
  };
};
