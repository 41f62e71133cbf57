import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { families, isFamily } from "../../packages/collector/src/metrics/families.ts";

const SOURCES = fileURLToPath(new URL("../../packages/collector/src", import.meta.url));

/** The code of the collector, without the table of families and without the alerts. */
const code = globSync(`${SOURCES}/**/*.ts`)
  .filter((path) => !/\/(metrics\/families|monitor\/(alerts|alert|query|promql))\.ts$/.test(path))
  .map((path) => readFileSync(path, "utf8"))
  .join("\n");

/** Whether some part of the collector measures a family. */
export const isMeasured = (family: string): boolean => code.includes(`"${family}"`);

/** A Markdown table of the metric families. It marks those that no part of the collector measures yet. */
export const metricsTable = (): string => {
  const rows = Object.keys(families)
    .filter(isFamily)
    .map((family) => {
      const { type, unit, labels, help } = families[family];
      const names = labels.map((name) => `\`${name}\``).join(", ") || "none";
      return `| \`${family}\` | ${type} | ${unit} | ${names} | ${help}${isMeasured(family) ? "" : " Not measured yet."} |`;
    });
  return ["| metric | type | unit | labels | meaning |", "| --- | --- | --- | --- | --- |", ...rows].join("\n");
};
