import { MAX_EVENT_NAME } from "@tidemark/schema/limits";
import { cut } from "../measures/bounds.ts";
import type { CapturedEvent } from "../options/tracker-options.ts";
import { Number } from "../platform.ts";
import { warnOnce } from "../warn-once.ts";
import { copyJson, type PropertyFields } from "./json-copy.ts";

/** An event with values from the site's code, which may be anything. */
type UncheckedEvent = CapturedEvent & PropertyFields & { name?: unknown };

/** The name of a custom event as a text that the contract allows, cut if it is too long. Empty if there is no such text. */
const fitName = (name: unknown): string => {
  const text = typeof name === "string" || Number.isFinite(name) ? cut(`${name}`, MAX_EVENT_NAME) : "";
  if (!text) warnOnce("track: not captured, because the name is no text:", name);
  else if (text !== `${name}`) warnOnce(`track: name cut to ${MAX_EVENT_NAME} characters:`, text);
  return text;
};

/**
 * Makes the values of an event that come from the site's code fit the contract: the name and the properties that the
 * page passes, and what `beforeSend` makes of them. Properties are copied by {@link copyJson}. The first case of each
 * mistake causes a warning.
 *
 * @returns `undefined` for a custom event without a name.
 */
export const fitSiteFields = (event: CapturedEvent | null | undefined): CapturedEvent | undefined => {
  let fitted = { ...event } as UncheckedEvent;
  if (fitted.type === "custom") fitted.name = fitName(fitted.name);
  for (const field of ["properties", "traits"] as const) {
    const { [field]: value, dropped_properties, ...others } = fitted;
    // Signals set none of these.
    if (value === undefined && dropped_properties === undefined) continue;
    fitted = { ...others, ...copyJson(field, value, dropped_properties) } as UncheckedEvent;
  }
  return event && fitted.name !== "" ? fitted : undefined;
};
