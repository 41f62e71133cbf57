import { maskedText } from "../sensors/masked-text.ts";
import type { ClickEnrichment } from "../signals/clicks.ts";

/** Detail for {@link clicks}: the element's text, digits and mail addresses masked, at most 100 characters; never a field's. */
export const clickTexts: ClickEnrichment = (_, target) => ({ text: maskedText(target) });
