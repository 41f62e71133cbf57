import { families, type Samples } from "./families.ts";

/** The content type of Prometheus' text format. */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Writes samples in Prometheus' text format, each family under its help and type. */
export const expose = (samples: Samples): string =>
  Object.entries(families)
    .map(([family, { type, help }]) => {
      const lines = Object.keys(samples)
        .filter((key) => key.startsWith(`${family}{`))
        .sort()
        .map((key) => `${key} ${samples[key]}\n`);
      return `# HELP ${family} ${help}\n# TYPE ${family} ${type}\n${lines.join("")}`;
    })
    .join("");
