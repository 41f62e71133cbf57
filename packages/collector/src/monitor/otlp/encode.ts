import {
  type Family,
  families,
  histogramKey,
  isFamily,
  isHistogram,
  type Samples,
  type Unit,
} from "../../metrics/families.ts";
import { type Attribute, attribute, nanoseconds, resource, scope } from "../../otlp/resource.ts";
import { parseKey } from "../history.ts";

/** A data point of a counter or a gauge. Its times are nanoseconds since 1970: texts, because JSON has no 64-bit integers. */
interface NumberPoint {
  attributes: Attribute[];
  startTimeUnixNano?: string;
  timeUnixNano: string;
  asDouble: number;
}

/** A data point of a histogram. A bucket has the values between the bound before and its own. */
interface HistogramPoint {
  attributes: Attribute[];
  startTimeUnixNano: string;
  timeUnixNano: string;
  count: string;
  sum: number;
  bucketCounts: string[];
  explicitBounds: readonly number[];
}

/** `AGGREGATION_TEMPORALITY_CUMULATIVE`: values since the start. */
const CUMULATIVE = 2;

type MetricData =
  | { sum: { aggregationTemporality: typeof CUMULATIVE; isMonotonic: true; dataPoints: NumberPoint[] } }
  | { gauge: { dataPoints: NumberPoint[] } }
  | { histogram: { aggregationTemporality: typeof CUMULATIVE; dataPoints: HistogramPoint[] } };

/** A metric of OpenTelemetry. */
type OtlpMetric = { name: string; description: string; unit?: string } & MetricData;

/** The body of a request to `/v1/metrics`. */
export interface OtlpBody {
  resourceMetrics: [
    {
      resource: typeof resource;
      scopeMetrics: [{ scope: typeof scope; metrics: OtlpMetric[] }];
    },
  ];
}

/** Largest number of data points in a request: about 3 MB of JSON. */
const MAX_POINTS = 5_000;

/** A unit in the code of UCUM. Counted things are annotations; a number without a unit has none. */
const unitOf = (unit: Unit): { unit?: string } => {
  if (unit === "seconds") return { unit: "s" };
  if (unit === "bytes") return { unit: "By" };
  return unit === "info" || unit === "value" ? {} : { unit: `{${unit}}` };
};

/** The times of data points, in UTC milliseconds: the start of cumulative values, and now. */
export interface OtlpTimes {
  since: number;
  now: number;
}

const attributesOf = (key: string): Attribute[] =>
  Object.entries(parseKey(key).labels).map(([name, value]) => attribute(name, value));

/** The metric of a family with the series of some keys. */
const metricOf = (family: Family, keys: readonly string[], samples: Samples, { since, now }: OtlpTimes): OtlpMetric => {
  const { type, unit, help } = families[family];
  const named = { name: family, description: help, ...unitOf(unit) };
  const times = { startTimeUnixNano: nanoseconds(since), timeUnixNano: nanoseconds(now) };
  if (isHistogram(family)) {
    const explicitBounds: readonly number[] = families[family].bounds;
    const dataPoints = keys.map((countKey) => {
      const key = `${family}${countKey.slice(countKey.indexOf("{"))}`;
      const counts = [...explicitBounds, "+Inf" as const].map((le) => samples[histogramKey(key, "bucket", le)] ?? 0);
      return {
        ...{ attributes: attributesOf(countKey), ...times },
        // The total of the buckets, as receivers check it.
        count: `${counts.reduce((total, count) => total + count, 0)}`,
        sum: samples[histogramKey(key, "sum")] ?? 0,
        ...{ bucketCounts: counts.map(String), explicitBounds },
      };
    });
    return { ...named, histogram: { aggregationTemporality: CUMULATIVE, dataPoints } };
  }
  const points = keys.map((key) => ({ attributes: attributesOf(key), asDouble: samples[key] ?? 0 }));
  if (type === "gauge") {
    const { timeUnixNano } = times;
    return { ...named, gauge: { dataPoints: points.map((point) => ({ ...point, timeUnixNano })) } };
  }
  const dataPoints = points.map((point) => ({ ...point, ...times }));
  return { ...named, sum: { aggregationTemporality: CUMULATIVE, isMonotonic: true, dataPoints } };
};

/**
 * Writes samples as bodies of OTLP/HTTP in JSON, each with at most {@link MAX_POINTS} data points. Sums are cumulative.
 *
 * https://opentelemetry.io/docs/specs/otlp/
 */
export const otlpBodies = (samples: Samples, times: OtlpTimes): OtlpBody[] => {
  const byFamily = new Map<Family, string[]>();
  for (const key of Object.keys(samples).sort()) {
    // JSON has no infinite values.
    if (!Number.isFinite(samples[key])) continue;
    const name = key.slice(0, key.indexOf("{"));
    const family = name.replace(/_count$/, "");
    const isOwn = isFamily(name) && !isHistogram(name);
    const found = isOwn ? name : isFamily(family) && isHistogram(family) && family !== name ? family : undefined;
    if (found) byFamily.set(found, [...(byFamily.get(found) ?? []), key]);
  }
  const bodies: OtlpMetric[][] = [];
  let points = MAX_POINTS;
  for (const [family, keys] of byFamily)
    for (let begin = 0; begin < keys.length; ) {
      if (points === MAX_POINTS) {
        bodies.push([]);
        points = 0;
      }
      const some = keys.slice(begin, begin + MAX_POINTS - points);
      bodies.at(-1)?.push(metricOf(family, some, samples, times));
      begin += some.length;
      points += some.length;
    }
  return bodies.map((metrics) => ({ resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics }] }] }));
};
