import type { ClickDetail } from "../signals/clicks.ts";

/** The element's text with digits and mail addresses masked; never that of a field. */
const maskedText = (element: Element): string =>
  element.closest("input,select,textarea,[contenteditable]")
    ? ""
    : (element.textContent ?? "")
        .replace(/\s+/g, " ")
        .trim()
        .replace(/\S+@\S+/g, "***")
        .replace(/\d/g, "#")
        .slice(0, 100);

/**
 * Detail for {@link clicks}: the element's accessible name, as far as it is written down (`aria-label`, `alt`, `title`), or
 * else its masked text. At most 100 characters.
 */
export const names: ClickDetail = (_, target) => {
  const written = ["aria-label", "alt", "title"].map((name) => target.getAttribute(name)).find(Boolean);
  return { label: written?.slice(0, 100) ?? maskedText(target) };
};

/** Detail for {@link clicks}: the element's text, digits and mail addresses masked, at most 100 characters; never a field's. */
export const texts: ClickDetail = (_, target) => ({ text: maskedText(target) });
