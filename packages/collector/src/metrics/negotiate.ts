import type { ExpositionFormat } from "./exposition.ts";

/** A range of media types in the header `Accept`. */
interface MediaRange {
  type: string;
  version: string | undefined;
  quality: number;
}

/** The types and versions of the formats. */
const FORMATS: Record<ExpositionFormat, { type: string; version: string }> = {
  openmetrics: { type: "application/openmetrics-text", version: "1.0.0" },
  text: { type: "text/plain", version: "0.0.4" },
};

const parseRange = (text: string): MediaRange => {
  const [type = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  const parameterOf = (name: string) => {
    const parameter = parameters.find((each) => each.split("=")[0]?.trim() === name);
    return parameter
      ?.slice(parameter.indexOf("=") + 1)
      .trim()
      .replace(/^"(.*)"$/, "$1");
  };
  const quality = parameterOf("q");
  return { type, version: parameterOf("version"), quality: quality === undefined ? 1 : Number(quality) || 0 };
};

/** How exactly a range names a format; 0 if it does not match. */
const precision = ({ type, version }: MediaRange, format: ExpositionFormat): number => {
  const { type: own, version: ownVersion } = FORMATS[format];
  if (type === own) return version === undefined ? 3 : version === ownVersion ? 4 : 0;
  if (type === `${own.split("/")[0]}/*`) return 2;
  return type === "*/*" ? 1 : 0;
};

/** The quality of a format by the range that names it most exactly; 0 without one. */
const qualityOf = (ranges: readonly MediaRange[], format: ExpositionFormat): number => {
  const matching = ranges.map((range) => ({ range, precision: precision(range, format) }));
  const best = matching.reduce((one, other) => (other.precision > one.precision ? other : one), {
    range: { quality: 0 },
    precision: 0,
  });
  return best.range.quality;
};

/**
 * Chooses the format of the metrics by the header `Accept` of a scrape: OpenMetrics if it has the greater quality, or the same
 * and is named. A client that accepts neither receives the text format.
 */
export const formatFor = (accept: string | undefined): ExpositionFormat => {
  const ranges = (accept ?? "").split(",").map(parseRange);
  const [openMetrics, text] = [qualityOf(ranges, "openmetrics"), qualityOf(ranges, "text")];
  const isNamed = ranges.some((range) => precision(range, "openmetrics") > 2);
  return openMetrics > text || (isNamed && openMetrics > 0 && openMetrics === text) ? "openmetrics" : "text";
};
