import type { Family, HistogramFamily, Samples } from "../metrics/families.ts";
import type { Condition, Query } from "./query.ts";

/** A value of a series at a time in UTC milliseconds. */
export interface Point {
  at: number;
  value: number;
}

/** A series of the history. */
export interface HistorySeries {
  labels: Readonly<Record<string, string>>;
  /** Its place in each snapshot. */
  index: number;
}

/** All values at one time, by the places of their series. A series without a value has NaN, or no place. */
export interface Snapshot {
  at: number;
  values: Float64Array;
}

/** Ages up to which one snapshot is kept in each step of time, in milliseconds, the finest first. */
const STEPS = [
  { until: 600_000, step: 10_000 },
  { until: 4_500_000, step: 60_000 },
  { until: 91_800_000, step: 300_000 },
];

/** Largest number of series that a history keeps: 5,000 take 18 MB in 440 snapshots. */
const MAX_SERIES = 5_000;

/** Age from which a snapshot no longer has the latest value of a series, in milliseconds: a step and some delay. */
const LOOK_BACK_MS = 330_000;

const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;
const ESCAPED: Record<string, string> = { "\\n": "\n" };

/** Splits the key of a sample into its name and its labels. */
export const parseKey = (key: string): { name: string; labels: Record<string, string> } => {
  const brace = key.indexOf("{");
  const labels: Record<string, string> = {};
  for (const [, label = "", value = ""] of key.slice(brace).matchAll(LABEL))
    labels[label] = value.replace(/\\./g, (pair) => ESCAPED[pair] ?? pair.slice(1));
  return { name: key.slice(0, brace), labels };
};

const nameIn = (key: string): string => key.slice(0, key.indexOf("{"));

/** The names of the samples that a query or a condition reads. */
export const namesIn = (given: Query | Condition): string[] => {
  if ("left" in given) return [...namesIn(given.left), ...namesIn(given.right)];
  if ("of" in given) return namesIn(given.of);
  if (!("family" in given)) return [];
  const { family } = given;
  return given.type === "quantile" ? [`${family}_bucket`, `${family}_count`] : [family];
};

/**
 * The latest values of the metrics that alerts read, of {@link MAX_SERIES} series at most.
 *
 * | age | distance of the values |
 * | --- | --- |
 * | up to 10 minutes | 10 s |
 * | up to 75 minutes | a minute |
 * | up to 25.5 hours | 5 minutes |
 */
export class History {
  readonly #names: ReadonlySet<string>;
  readonly #maxSeries: number;
  /** In ascending order of time. */
  #snapshots: Snapshot[] = [];
  #places = new Map<string, HistorySeries>();
  #byName = new Map<string, HistorySeries[]>();
  #omitted = 0;
  #moves = 0;

  /** @param names Names of the samples that it keeps. */
  constructor(names: Iterable<string>, maxSeries = MAX_SERIES) {
    this.#names = new Set(names);
    this.#maxSeries = maxSeries;
  }

  /** Number of series in the latest samples that it does not keep, because it has the most series. */
  get omitted(): number {
    return this.#omitted;
  }

  /** Number of snapshots. */
  get size(): number {
    return this.#snapshots.length;
  }

  /** Adds the values at a time. Those of a time that is not later than the latest one replace nothing, and are left out. */
  add(at: number, samples: Samples): void {
    const latest = this.#snapshots.at(-1);
    // After the clock was set back, earlier times would never come to an end.
    if (latest && latest.at >= at + LOOK_BACK_MS) this.#snapshots = [];
    else if (latest && latest.at >= at) return;
    const wanted = Object.entries(samples).filter(([key]) => this.#names.has(nameIn(key)));
    if (this.#places.size + wanted.length > this.#maxSeries) this.#forgetUnused();
    this.#omitted = 0;
    for (const [key] of wanted) this.#placeOf(key);
    const values = new Float64Array(this.#places.size).fill(Number.NaN);
    for (const [key, value] of wanted) {
      const place = this.#places.get(key);
      if (place) values[place.index] = value;
      else this.#omitted++;
    }
    this.#snapshots.push({ at, values });
    this.#snapshots = thinned(this.#snapshots, at);
  }

  /** The series of a family, or of the buckets or counts of a histogram. */
  series(name: Family | `${HistogramFamily}_${"bucket" | "count"}`): readonly HistorySeries[] {
    return this.#byName.get(name) ?? [];
  }

  /** The latest value of a series at a time; `undefined` if the metrics of that time did not have the series. */
  latest({ index }: HistorySeries, at: number): number | undefined {
    const snapshot = this.#snapshots.findLast((each) => each.at <= at);
    if (!snapshot || snapshot.at <= at - LOOK_BACK_MS) return undefined;
    const value = snapshot.values[index] ?? Number.NaN;
    return Number.isNaN(value) ? undefined : value;
  }

  /** The values of a series after `from`, up to `to`. */
  points({ index }: HistorySeries, from: number, to: number): Point[] {
    const points: Point[] = [];
    for (const { at, values } of this.#snapshots) {
      const value = values[index] ?? Number.NaN;
      if (at > from && at <= to && !Number.isNaN(value)) points.push({ at, value });
    }
    return points;
  }

  /** The keys of the series, in the order of their places. */
  get keys(): string[] {
    return [...this.#places.keys()];
  }

  /** All snapshots, in ascending order of time. */
  get snapshots(): readonly Snapshot[] {
    return this.#snapshots;
  }

  /** Number of times at which the places of series have changed. New series have the next places, and change none. */
  get moves(): number {
    return this.#moves;
  }

  /** Takes the place of all that the history has. The arguments are {@link keys} and {@link snapshots} of an earlier one. */
  restore(keys: readonly string[], snapshots: readonly Snapshot[]): void {
    this.#places = new Map();
    this.#byName = new Map();
    for (const key of keys) this.#placeOf(key);
    this.#snapshots = [...snapshots];
  }

  #placeOf(key: string): void {
    if (this.#places.has(key) || this.#places.size >= this.#maxSeries) return;
    const { name, labels } = parseKey(key);
    const series = { labels, index: this.#places.size };
    this.#places.set(key, series);
    const others = this.#byName.get(name);
    if (others) others.push(series);
    else this.#byName.set(name, [series]);
  }

  /** Frees the places of series that no snapshot has any more. */
  #forgetUnused(): void {
    const isUsed = (index: number) => this.#snapshots.some(({ values }) => !Number.isNaN(values[index] ?? Number.NaN));
    const kept = [...this.#places].filter(([, { index }]) => isUsed(index));
    if (kept.length === this.#places.size) return;
    this.#moves++;
    this.#places = new Map();
    this.#byName = new Map();
    for (const [key] of kept) this.#placeOf(key);
    for (const snapshot of this.#snapshots) {
      const { values } = snapshot;
      snapshot.values = Float64Array.from(kept, ([, { index }]) => values[index] ?? Number.NaN);
    }
  }
}

/** Which of some snapshots a history keeps at a time: the first of each step, and the latest of all. */
export const thinned = <T extends { at: number }>(snapshots: readonly T[], now: number): T[] => {
  let slot = "";
  return snapshots.filter(({ at }, index) => {
    const step = STEPS.find(({ until }) => now - at <= until)?.step;
    if (step === undefined) return false;
    const own = `${step} ${Math.floor(at / step)}`;
    const isFirst = own !== slot;
    slot = own;
    return isFirst || index === snapshots.length - 1;
  });
};
