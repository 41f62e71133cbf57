import {
  type Family,
  families,
  type HistogramEnd,
  type HistogramFamily,
  histogramKey,
  isFamily,
  isHistogram,
  type Samples,
  type Unit,
} from "./families.ts";

/** The formats in which the metrics are written: Prometheus' text format 0.0.4, and OpenMetrics 1.0.0. */
export type ExpositionFormat = "text" | "openmetrics";

/** The content types of the formats. */
export const EXPOSITION_TYPES: Record<ExpositionFormat, string> = {
  text: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/** Units of OpenMetrics' metadata. The others are no units of measurement. */
const hasUnit = (name: string, unit: Unit): boolean => !["info", "value"].includes(unit) && name.endsWith(`_${unit}`);

const numberText = (value: number): string => {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
};

/** An upper bound of a bucket. OpenMetrics writes integers with a fraction: two forms would be two series. */
const boundText = (bound: number, format: ExpositionFormat): string =>
  format === "openmetrics" && Number.isInteger(bound) ? `${bound}.0` : String(bound);

/** The lines of a histogram. A bucket has all values up to its bound. @param keys The keys of its `_count` samples. */
const histogramLines = (
  family: HistogramFamily,
  keys: readonly string[],
  samples: Samples,
  format: ExpositionFormat,
): string[] => {
  const bounds: readonly number[] = families[family].bounds;
  return keys.flatMap((countKey) => {
    const key = `${family}${countKey.slice(countKey.indexOf("{"))}`;
    const sampleOf = (end: HistogramEnd, le?: number | "+Inf") => samples[histogramKey(key, end, le)] ?? 0;
    let total = 0;
    const bucketLine = (le: string, amount: number) => {
      total += amount;
      return `${histogramKey(key, "bucket", le as "+Inf")} ${numberText(total)}\n`;
    };
    return [
      ...bounds.map((bound) => bucketLine(boundText(bound, format), sampleOf("bucket", bound))),
      bucketLine("+Inf", sampleOf("bucket", "+Inf")),
      `${histogramKey(key, "sum")} ${numberText(sampleOf("sum"))}\n`,
      `${countKey} ${numberText(total)}\n`,
    ];
  });
};

const escapeHelp = (help: string, format: ExpositionFormat): string => {
  const text = help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return format === "openmetrics" ? text.replaceAll('"', '\\"') : text;
};

/** The lines of a family's metadata. OpenMetrics names counters without `_total` in them. */
const metadata = (family: Family, format: ExpositionFormat): string => {
  const { type, unit, help } = families[family];
  const name = format === "openmetrics" && type === "counter" ? family.replace(/_total$/, "") : family;
  const unitLine = format === "openmetrics" && hasUnit(name, unit) ? `# UNIT ${name} ${unit}\n` : "";
  return `# HELP ${name} ${escapeHelp(help, format)}\n# TYPE ${name} ${type}\n${unitLine}`;
};

/** The keys of samples by name: that of a family, or of a histogram's counts. In the order of their labels. */
const keysByName = (samples: Samples): Map<string, string[]> => {
  const byName = new Map<string, string[]>();
  for (const key of Object.keys(samples)) {
    const name = key.slice(0, key.indexOf("{"));
    const keys = byName.get(name);
    if (keys) keys.push(key);
    else byName.set(name, [key]);
  }
  for (const keys of byName.values()) keys.sort();
  return byName;
};

/** Writes samples in a format, each family under its help and type. Samples of no family are left out. */
export const expose = (samples: Samples, format: ExpositionFormat = "text"): string => {
  const byName = keysByName(samples);
  const texts = Object.keys(families)
    .filter(isFamily)
    .map((family) => {
      const lines = isHistogram(family)
        ? histogramLines(family, byName.get(`${family}_count`) ?? [], samples, format)
        : (byName.get(family) ?? []).map((key) => `${key} ${numberText(samples[key] ?? 0)}\n`);
      return metadata(family, format) + lines.join("");
    });
  return texts.join("") + (format === "openmetrics" ? "# EOF\n" : "");
};
