import { maskedText } from "../sensors/masked-text.ts";
import type { ClickDetail } from "../signals/clicks.ts";

/** Detail for {@link clicks}: the element's text, digits and mail addresses masked, at most 100 characters; never a field's. */
export const texts: ClickDetail = (_, target) => ({ text: maskedText(target) });
