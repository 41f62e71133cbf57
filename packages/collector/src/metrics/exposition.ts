import { families, type HistogramFamily, type Samples } from "./families.ts";

/** The content type of Prometheus' text format. */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** The lines of a histogram. A bucket has all values up to its bound, as Prometheus reads it. */
const histogramLines = (family: HistogramFamily, samples: Samples): string[] => {
  const prefix = `${family}_count{`;
  const series = Object.keys(samples).filter((key) => key.startsWith(prefix));
  return series.toSorted().flatMap((key) => {
    const labels = key.slice(prefix.length, -1);
    let total = 0;
    const buckets = [...families[family].bounds, "+Inf"].map((bound) => {
      const bucket = `${family}_bucket{${labels}${labels && ","}le="${bound}"}`;
      total += samples[bucket] ?? 0;
      return `${bucket} ${total}\n`;
    });
    const sum = `${family}_sum{${labels}}`;
    return [...buckets, `${sum} ${samples[sum] ?? 0}\n`, `${key} ${samples[key]}\n`];
  });
};

const lines = (family: string, samples: Samples): string[] =>
  Object.keys(samples)
    .filter((key) => key.startsWith(`${family}{`))
    .sort()
    .map((key) => `${key} ${samples[key]}\n`);

const isHistogram = (family: string): family is HistogramFamily =>
  "bounds" in families[family as keyof typeof families];

/** Writes samples in Prometheus' text format, each family under its help and type. */
export const expose = (samples: Samples): string =>
  Object.entries(families)
    .map(([family, { type, help }]) => {
      const written = isHistogram(family) ? histogramLines(family, samples) : lines(family, samples);
      return `# HELP ${family} ${help}\n# TYPE ${family} ${type}\n${written.join("")}`;
    })
    .join("");
