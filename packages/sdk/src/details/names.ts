import { closest } from "../sensors/private.ts";
import type { ClickDetail } from "../signals/clicks.ts";

const MASK = "[data-tm-mask]";

/** Whether the page's author wants no word of it told: `data-tm-mask` on, around or in it, or something ignored in it. */
const isMasked = (element: Element): boolean =>
  !!(closest(element, MASK) ?? element.querySelector(`${MASK},[data-tm-ignore]`));

/** The element's text with digits and mail addresses masked; never that of a field, nor any of what is to be masked whole. */
const maskedText = (element: Element): string => {
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

/**
 * Detail for {@link clicks}: the element's accessible name, as far as it is written down (`aria-label`, `alt`, `title`), or
 * else its masked text. At most 100 characters.
 */
export const names: ClickDetail = (_, target) => {
  const written = isMasked(target)
    ? undefined
    : ["aria-label", "alt", "title"].map((name) => target.getAttribute(name)).find(Boolean);
  return { label: written?.slice(0, 100) ?? maskedText(target) };
};

/** Detail for {@link clicks}: the element's text, digits and mail addresses masked, at most 100 characters; never a field's. */
export const texts: ClickDetail = (_, target) => ({ text: maskedText(target) });
