import { named } from "../events/named.ts";
import { maskedText } from "../sensors/masked-text.ts";
import type { ClickEnrichment } from "../signals/clicks.ts";

/**
 * Adds the element's text to {@link clicks}, with digits and mail addresses masked. At most 100 characters. The text of a form field
 * is never sent.
 */
export const clickTexts: ClickEnrichment = /* @__PURE__ */ named(
  "clickTexts",
  (event: MouseEvent, target: Element) => ({
    text: maskedText(event, target),
  }),
);
