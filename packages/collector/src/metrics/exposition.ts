import { families, type Samples } from "./families.ts";

/** The content type of the text format, as Prometheus asks for it. */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Figures in the text format of Prometheus, each family under its help and type. */
export const expose = (figures: Samples): string =>
  Object.entries(families)
    .map(([family, { type, help }]) => {
      const lines = Object.keys(figures)
        .filter((key) => key.startsWith(`${family}{`))
        .sort()
        .map((key) => `${key} ${figures[key]}\n`);
      return `# HELP ${family} ${help}\n# TYPE ${family} ${type}\n${lines.join("")}`;
    })
    .join("");
