import { closest } from "./shadow-dom.ts";

const MASK = "[data-tm-mask]";

/** Whether the page's author keeps an element's text out of reports: `data-tm-mask` on, around or in it, or `data-tm-ignore` in it. */
export const isMasked = (element: Element): boolean =>
  !!(closest(element, MASK) ?? element.querySelector(`${MASK},[data-tm-ignore]`));

/** An element's text with digits and mail addresses masked, at most 100 characters; `***` for a masked element, empty for a field. */
export const maskedText = (element: Element): string => {
  if (isMasked(element)) return "***";
  return element.closest("input,select,textarea,[contenteditable]")
    ? ""
    : (element.textContent ?? "")
        .replace(/\s+/g, " ")
        .trim()
        .replace(/\S+@\S+/g, "***")
        .replace(/\d/g, "#")
        .slice(0, 100);
};
