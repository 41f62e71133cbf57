import { call, read } from "./members.ts";
import { closest } from "./shadow-dom.ts";

const MASK = "[data-tm-mask]";

/** Whether an element's text is masked: `data-tm-mask` is on, around or in it, or `data-tm-ignore` is in it. */
export const isMasked = (element: Element): boolean =>
  !!(closest(element, MASK) ?? call(element, "querySelector", `${MASK},[data-tm-ignore]`));

/**
 * An element's text with email addresses as `***` and digits as `#`, at most 100 characters. It is `***` for a masked
 * element, and empty for a form field or editable content.
 */
export const maskedText = (element: Element): string => {
  if (isMasked(element)) return "***";
  return call(element, "closest", "input,select,textarea,[contenteditable]")
    ? ""
    : (read(element, "textContent") ?? "")
        .replace(/\s+/g, " ")
        .trim()
        .replace(/\S+@\S+/g, "***")
        .replace(/\d/g, "#")
        .slice(0, 100);
};
