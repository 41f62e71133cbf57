/**
 * The signals and enrichments of the SDK by which a page view states what it measures: the exports of `@tidemark/sdk`.
 * A state of the engine has them by position, so that new names are added at the end, and none is removed.
 */
export const SIGNAL_NAMES = [
  ...(["pageViews", "clicks", "hovers", "scrollDepth", "dwell"] as const),
  ...(["elementDwell", "media", "webVitals", "forms", "selections", "errors"] as const),
  ...(["clickEvidence", "clickLinks", "clickNames", "clickTexts", "readingDetails", "deviceDetails"] as const),
] as const;

/** Name of a signal or of an enrichment. */
export type SignalName = (typeof SIGNAL_NAMES)[number];
