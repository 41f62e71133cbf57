import { Object } from "../platform.ts";

/**
 * The parts of the script tag: exports of the package, by name. This table determines the names that a tag accepts, the parts that it
 * loads, and the files that the build writes. The module of a signal is `signals/<name>.ts`, and that of an enrichment
 * `enrichments/<name>.ts`, with the name in kebab-case.
 */

/** The signals that the tag contains, in the order in which they start. */
export const SIGNALS = ["pageViews", "clicks", "hovers", "scrollDepth", "dwell"] as const;

/** The signals that the tag loads when a page names them. */
export const LAZY_SIGNALS = ["media", "webVitals", "forms", "selections", "errors", "elementDwell"] as const;

/** The enrichments that the tag loads when a page names them, each with the signal that it extends and turns on. */
export const LAZY_ENRICHMENTS = {
  clickLinks: "clicks",
  clickNames: "clicks",
  clickTexts: "clicks",
  clickEvidence: "clicks",
  readingDetails: "scrollDepth",
} as const;

/** All enrichments, each with its signal. The tag contains `deviceDetails`. */
export const ENRICHMENTS: Record<string, string> = { deviceDetails: "pageViews", ...LAZY_ENRICHMENTS };

/** The developer tools, which a query parameter of a page's URL turns on. */
type ToolName = "debug" | "inspect";

/** The parts that the tag loads. */
export type PartName = (typeof LAZY_SIGNALS)[number] | keyof typeof LAZY_ENRICHMENTS | "reactions" | ToolName;

/** The names of the parts that a tag uses unless the page names others. `deviceDetails` turns on `pageViews`. */
export const DEFAULTS: readonly string[] = ["deviceDetails", ...SIGNALS.slice(1)];

/** All names that a tag accepts. */
export const NAMES: readonly string[] = [...SIGNALS, ...LAZY_SIGNALS, ...Object.keys(ENRICHMENTS)];
