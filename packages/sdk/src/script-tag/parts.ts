/**
 * The parts that a tag can be told to use, by their names: exports of the package. From this table derive what a tag accepts, what
 * it loads, and the files that the build makes of it. A signal's module is `signals/<name>.ts`, an enrichment's `enrichments/<name>.ts`,
 * with the name in kebab-case.
 */

/** The signals that the tag holds, in the order in which they start. */
export const SIGNALS = ["pageViews", "clicks", "hovers", "scrollDepth", "dwell"] as const;

/** The signals that the tag loads when they are named. */
export const LAZY_SIGNALS = ["media", "webVitals", "forms", "selections", "errors", "elementDwell"] as const;

/** The enrichments that the tag loads when they are named, each with the signal that it adds to and so turns on. */
export const LAZY_ENRICHMENTS = {
  clickLinks: "clicks",
  clickNames: "clicks",
  clickTexts: "clicks",
  clickEvidence: "clicks",
  readingDetails: "scrollDepth",
} as const;

/** All enrichments: the tag holds `deviceDetails`. */
export const ENRICHMENTS: Record<string, string> = { deviceDetails: "pageViews", ...LAZY_ENRICHMENTS };

/** The tools for developers, which a page's URL asks for. */
type ToolName = "debug" | "inspect";

/** The parts that the tag does not hold and loads. */
export type PartName = (typeof LAZY_SIGNALS)[number] | keyof typeof LAZY_ENRICHMENTS | ToolName;

/** The names that a tag goes by unless the page names others. */
export const DEFAULTS: readonly string[] = ["deviceDetails", ...SIGNALS.slice(1)];

/** All names that a tag may be given. */
export const NAMES: readonly string[] = [...SIGNALS, ...LAZY_SIGNALS, ...Object.keys(ENRICHMENTS)];
