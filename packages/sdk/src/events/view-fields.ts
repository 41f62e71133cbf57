import { cut, whole } from "../measures/bounds.ts";
import { Number, Object } from "../platform.ts";
import type { ViewFields } from "./signal.ts";

/** Longest text of each field of a page view that is a text, in UTF-16 code units. */
const MAX_TEXT = {
  path: 1_000,
  canonical_url: 2_000,
  title: 300,
  referrer: 2_000,
  language: 35,
  time_zone: 64,
  connection: 20,
};

const textOf = (value: unknown, max: number) => (typeof value === "string" ? cut(value, max) : undefined);

/**
 * Makes the fields of a page view fit the contract, which matters more than for an event: one wrong view costs the
 * whole batch. A text is cut, a number becomes the nearest pixel, and everything else is left out.
 */
export const fitViewFields = (fields: ViewFields = {}): ViewFields => {
  const fitted: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (Object.hasOwn(MAX_TEXT, name)) fitted[name] = textOf(value, MAX_TEXT[name as keyof typeof MAX_TEXT]);
    else if (/^(screen|viewport)_(width|height)$/.test(name) && Number.isFinite(value)) fitted[name] = whole(value);
    else if (name === "color_scheme" && /^(dark|light)$/.test(`${value}`)) fitted[name] = value;
  }
  return fitted;
};
