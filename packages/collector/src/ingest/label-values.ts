import { envelope, eventTypes, view } from "@tidemark/schema";
import { eventTypeNames, fieldsOf } from "@tidemark/schema/event-fields";
import { OTHER } from "../metrics/series.ts";

/** Paths of the contract's fields, in events and in batches, without positions in lists. */
const known = new Set([
  ...Object.values(eventTypes).flatMap((type) => Object.keys(type.shape)),
  ...Object.keys(envelope.shape),
  ...Object.keys(view.shape).map((field) => `views.${field}`),
  ...eventTypeNames.flatMap((type) => [...fieldsOf(type).keys()].map((path) => path.replace(/\.$/, ""))),
]);

/**
 * The field of a rejection for the metrics: the contract's field at a path, or else the nearest one around it. It is `none` for an
 * event as a whole, and `other` for a field that the contract does not have: clients can invent any number of names.
 *
 * @param path Dotted path, with positions in lists.
 */
export const fieldLabel = (path: string): string => {
  const names = path.split(".").filter((name) => name !== "" && !/^\d+$/.test(name));
  if (names.length === 0) return "none";
  for (let length = names.length; length > 0; length -= 1) {
    const field = names.slice(0, length).join(".");
    if (known.has(field)) return field;
  }
  return OTHER;
};

/** A name and a version of up to three numbers, with a word after it for a version before the release. */
const RELEASE = /^[a-z][a-z0-9-]{0,19}\/\d{1,4}(?:\.\d{1,4}){0,2}(?:-[a-z]{1,8}(?:\.?\d{1,4})?)?$/;

/** The release in a batch's `sdk` for the metrics; `other` for a text of another form. */
export const releaseLabel = (sdk: string): string => (RELEASE.test(sdk) ? sdk : OTHER);

/**
 * The names by which browsers call themselves, the most specific first: all of them name others too. On iOS, Chrome and
 * Firefox have names of their own.
 */
const BROWSERS: [family: string, names: RegExp][] = [
  ["edge", /\bEdg(?:e|A|iOS)?\//],
  ["opera", /\bOPR\//],
  ["samsung", /\bSamsungBrowser\//],
  ["firefox", /\b(?:Firefox|FxiOS)\//],
  ["chrome", /\b(?:Chrome|CriOS)\//],
  ["safari", /\bVersion\/[\d.]+ .*\bSafari\//],
];

/** The family of a browser for the metrics: `chrome`, `edge`, `firefox`, `opera`, `safari`, `samsung` or `other`. */
export const browserLabel = (userAgent: string | undefined): string =>
  BROWSERS.find(([, names]) => names.test(userAgent ?? ""))?.[0] ?? OTHER;
