import { type Family, families } from "../../packages/collector/src/metrics/families.ts";
import { recordings } from "./recordings.ts";

/** The names of a family's series in Prometheus, with their labels. */
const seriesOf = (family: Family): [name: string, labels: readonly string[]][] => {
  const { type, labels } = families[family];
  if (type !== "histogram") return [[family, labels]];
  return [
    [`${family}_bucket`, [...labels, "le"]],
    [`${family}_sum`, labels],
    [`${family}_count`, labels],
  ];
};

/** The labels of each metric that dashboards and rules may name: those of the collector, the recorded ones, and `up`. */
export const metrics: ReadonlyMap<string, readonly string[]> = new Map([
  ["up", []],
  ...(Object.keys(families) as Family[]).flatMap(seriesOf),
  ...recordings.map(({ name, labels }) => [name, labels] as [string, readonly string[]]),
]);
