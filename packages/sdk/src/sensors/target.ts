import type { EventOf } from "@tidemark/schema";
import { call, isElement, read } from "./members.ts";
import { closest, parentOf } from "./shadow-dom.ts";

/** The description of an element in an event. */
export type Target = EventOf<"click">["target"];

/** ARIA's roles of elements that a person acts on (https://www.w3.org/TR/wai-aria-1.2/#widget_roles). */
const ROLES =
  "button checkbox combobox gridcell link menuitem menuitemcheckbox menuitemradio option radio scrollbar searchbox slider spinbutton switch tab textbox treeitem";

/** Selector of elements that a person acts on by their kind, or that the page names with `data-tm`. */
const KINDS = "a,area,button,input,select,textarea,label,summary,video,audio,[data-tm]";

/** Selector of elements that a person acts on by their kind or their role, or that the page names with `data-tm`. */
const MEANINGFUL = /* @__PURE__ */ `${KINDS} ${ROLES}`.replace(/ (\w+)/g, ",[role~=$1 i]");

/**
 * The nearest meaningful element, on or around this one, across shadow roots. The browser tests every ancestor
 * for the attribute, and only an element that has it for each of the roles.
 */
const meaningful = (element: Element | undefined): Element | undefined => {
  const candidate = closest(element, `${KINDS},[role]`);
  return !candidate || call(candidate, "matches", MEANINGFUL) ? candidate : meaningful(parentOf(candidate));
};

const MAX_PATH_DEPTH = 6;
const MAX_PATH = 300;

/** The innermost element that an event happened on, also inside open shadow roots. */
const innermost = (event: Event): Element | undefined => {
  const target = event.target as Node;
  if (!isElement(target)) return;
  return read(target, "shadowRoot") ? (event.composedPath()[0] as Element) : target;
};

/** The nearest meaningful element around the one that an event happened on, across shadow roots. */
export const meaningfulTarget = (event: Event): Element | undefined => meaningful(innermost(event));

/** The nearest meaningful element, or else the innermost element that an event happened on. */
export const anyTarget = (event: Event): Element | undefined => meaningfulTarget(event) ?? innermost(event);

/** Escapes a name for a selector, as `CSS.escape` does. */
const escapeName = (name: string): string =>
  name.replace(/^-?\d|^-$|[^\w\u0080-\uffff-]/g, (text) => {
    const last = text.slice(-1);
    const escaped = /[ -/:-~]/.test(last) ? last : `${last.charCodeAt(0).toString(16)} `;
    return `${text.slice(0, -1)}\\${escaped}`;
  });

/** A selector of the element: its names from the nearest ancestor with an id, or from as many ancestors as fit. */
const pathOf = (element: Element): string => {
  let path = "";
  let at: Element | null = element;
  for (let depth = 0; at && depth < MAX_PATH_DEPTH; depth += 1) {
    const id: string | null = call(at, "getAttribute", "id");
    const name = id ? `#${escapeName(id)}` : escapeName(read(at, "localName"));
    const longer: string = path ? `${name} > ${path}` : name;
    if (longer.length > MAX_PATH) break;
    path = longer;
    at = id ? null : read(at, "parentElement");
  }
  return path || "*";
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
