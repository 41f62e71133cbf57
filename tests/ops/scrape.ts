import type { Samples } from "../../packages/collector/src/metrics/families.ts";

const LINE = /^(\w+)(?:\{(.*)\})? (\S+)$/;
const BOUND = /,?le="([^"]*)"/;

/**
 * Reads metrics in either format as samples as the collector keeps them. There a bucket has the values above the bound before.
 */
export const samplesIn = (text: string): Samples => {
  const samples: Samples = {};
  let [series, total] = ["", 0];
  for (const line of text.split("\n")) {
    const [, name = "", labels = "", value] = LINE.exec(line) ?? [];
    if (line.startsWith("#") || value === undefined) continue;
    const bound = name.endsWith("_bucket") ? BOUND.exec(labels)?.[1] : undefined;
    if (bound === undefined) {
      samples[`${name}{${labels}}`] = Number(value);
      continue;
    }
    const own = `${name}{${labels.replace(BOUND, "")}}`;
    if (own !== series) [series, total] = [own, 0];
    const le = bound === "+Inf" ? bound : Number(bound);
    samples[`${name}{${labels.replace(/le="[^"]*"/, `le="${le}"`)}}`] = Number(value) - total;
    total = Number(value);
  }
  return samples;
};
