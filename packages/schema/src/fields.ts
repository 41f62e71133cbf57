import { z } from "zod";
import { CLIENT_ID, SESSION_ID } from "./keys.ts";
import { MAX_PROPERTIES_BYTES, MAX_PROPERTIES_DEPTH } from "./limits.ts";

/** A moment: whole milliseconds since 1970-01-01 UTC. */
export const timestamp = (meaning: string) =>
  z.int().min(0).max(8.64e15).describe(`${meaning} Unit: UTC milliseconds since 1970-01-01.`);

/** A stay or a distance in time: whole milliseconds, never negative. */
export const duration = (meaning: string) => z.int().min(0).describe(`${meaning} Unit: milliseconds.`);

/** A length on the page in CSS pixels; fractions are rounded by the sender. */
export const pixels = (meaning: string) => z.int().min(0).max(1e9).describe(`${meaning} Unit: CSS pixels.`);

/** A position on the page in CSS pixels; negative outside of the origin's corner. */
export const coordinate = (meaning: string) => z.int().min(-1e9).max(1e9).describe(`${meaning} Unit: CSS pixels.`);

/** A share of a whole, 0 to 100. */
export const percentage = (meaning: string) =>
  z.number().min(0).max(100).describe(`${meaning} Unit: percent, 0 to 100.`);

/** A number of occurrences. */
export const count = (meaning: string) => z.int().min(0).describe(`${meaning} Unit: count.`);

/** Text of bounded length. Unit: none. */
export const text = (max: number, meaning: string) =>
  z.string().max(max).describe(`${meaning} At most ${max} characters.`);

/** An identifier minted by a client: 8 to 64 letters, digits, `_` or `-`. */
export const id = (meaning: string) =>
  z.string().regex(CLIENT_ID, "expected 8 to 64 letters, digits, _ or -").describe(meaning);

/**
 * A session's identifier. An id minted by the SDK names its site before a dot (`shop.V1StGXR8Z5jdHi6B`), so that a
 * batch that reaches the wrong site is noticed; an id of the caller's own has no dot and belongs to whoever sends it.
 */
export const sessionId = z
  .string()
  .regex(SESSION_ID, "expected 8 to 64 letters, digits, _ or -, optionally after `<site>.`")
  .describe("The visit this batch belongs to. `<site>.<id>` when minted by the SDK.");

/** How the pointer that acted was made, as Pointer Events name it; `""` when no pointer took part (keyboard, script). */
export const pointerType = z
  .enum(["mouse", "pen", "touch", ""])
  .describe("Pointer Events' pointerType; empty when no pointer took part, as with the keyboard.");

const depthOf = (value: unknown): number =>
  typeof value === "object" && value !== null
    ? 1 + Object.values(value).reduce((deepest: number, inner) => Math.max(deepest, depthOf(inner)), 0)
    : 0;

/** A flexible JSON object, bounded in bytes and depth. */
export const properties = (meaning: string) =>
  z
    .record(z.string().max(100), z.json())
    .refine((value) => depthOf(value) <= MAX_PROPERTIES_DEPTH, {
      message: `expected at most ${MAX_PROPERTIES_DEPTH} levels of nesting`,
    })
    .refine((value) => new TextEncoder().encode(JSON.stringify(value)).length <= MAX_PROPERTIES_BYTES, {
      message: `expected at most ${MAX_PROPERTIES_BYTES} bytes of JSON`,
    })
    .describe(`${meaning} A JSON object of at most ${MAX_PROPERTIES_BYTES} bytes and ${MAX_PROPERTIES_DEPTH} levels.`);

/** What an element is called: short, stable under re-rendering, and free of any text that the visitor could see or type. */
export const target = z
  .strictObject({
    tag: text(64, "Element name in lower case."),
    id: text(100, "The element's id attribute.").optional(),
    name: text(100, "The element's data-tm attribute: the name its author gave it for measuring.").optional(),
    role: text(40, "The element's explicit ARIA role.").optional(),
    path: text(300, "Element names from the nearest ancestor with an id down to the element, as a CSS selector."),
  })
  .describe("The element that was acted on.");
