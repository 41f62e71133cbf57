import { named } from "../events/named.ts";
import { Boolean } from "../platform.ts";
import { isMasked, maskedText } from "../sensors/masked-text.ts";
import { call } from "../sensors/members.ts";
import type { ClickEnrichment } from "../signals/clicks.ts";

/**
 * Adds the element's accessible name to {@link clicks}: its `aria-label`, `alt` or `title`, or else its masked text. At most 100
 * characters.
 */
export const clickNames: ClickEnrichment = /* @__PURE__ */ named("clickNames", (event: MouseEvent, target: Element) => {
  const written = ["aria-label", "alt", "title"].map((name) => call(target, "getAttribute", name)).find(Boolean);
  return { label: written && !isMasked(target) ? written.slice(0, 100) : maskedText(event, target) };
});
