import {
  type Family,
  families,
  isFamily,
  isHistogram,
  type Label,
  type LabelsOf,
  type Samples,
  sampleKey,
} from "./families.ts";

/** Largest numbers of series of a site, and of those among them whose labels clients can choose. */
export const MAX_SERIES = { site: 3_000, ofClients: 2_000 };

/** Largest number of series of all sites together. The sums of one object are one message, and fit in its memory. */
export const MAX_ALL_SERIES = 40_000;

/** The value of labels that are not kept apart. */
export const OTHER = "other";

/** Labels whose values clients can choose within a form. */
const OF_CLIENTS: readonly Label[] = ["field", "release"];

/** Labels whose values are not in the code. The configuration limits them, and a site can have many. */
const VARIABLE: readonly Label[] = [
  ...OF_CLIENTS,
  "entity",
  "set",
  "model",
  "version",
  "goal",
  "reaction",
  "arm",
  "sink",
];

const NAME = /^(\w+?)(?:_(bucket|sum|count))?\{/;

/** The family of a sample; `undefined` for one of no family, which another release has counted. */
const familyOf = (key: string): Family | undefined => {
  const whole = key.slice(0, key.indexOf("{"));
  if (isFamily(whole)) return isHistogram(whole) ? undefined : whole;
  const [, name = "", end] = NAME.exec(key) ?? [];
  return end && isFamily(name) && isHistogram(name) ? name : undefined;
};

/** The site of a sample. Ids of sites need no escaping. `undefined` for a sample without one. */
const siteOf = (key: string): string | undefined => /[{,]site="([^"]*)"/.exec(key)?.[1];

/** The end of a key that has other labels than those of its series: `le` of a bucket. */
const BUCKET = /,?le="[^"]*"\}$/;

/** The key of a sample with {@link OTHER} for its variable labels. */
const otherKey = (key: string): string =>
  key.replace(/(\w+)="(?:[^"\\]|\\.)*"/g, (pair, name: Label) =>
    VARIABLE.includes(name) ? `${name}="${OTHER}"` : pair,
  );

const hasAny = (family: Family, some: readonly Label[]): boolean =>
  families[family].labels.some((label: Label) => some.includes(label));

/**
 * Sums of samples with a bound of their series. A series beyond the bound of its site counts under `other`: its labels whose
 * values the code does not limit have that value. Nothing else grows without a bound.
 */
export class SeriesSums {
  readonly samples: Samples = {};
  readonly #bySite = new Map<string, number>();
  #all = 0;

  /** Adds counts, and counts those under `other`. Returns the keys that have changed. */
  add(more: Samples): Set<string> {
    const changed = new Set<string>();
    const add = (key: string, value: number) => {
      this.samples[key] = (this.samples[key] ?? 0) + value;
      changed.add(key);
    };
    for (const [key, value] of Object.entries(more)) {
      const kept = this.#admit(key, true);
      if (kept !== undefined) add(kept, value);
      if (kept === undefined || kept === key) continue;
      // The samples of a histogram are several of one series.
      const labels: LabelsOf<"tidemark_series_other_total"> = { site: siteOf(key) ?? "" };
      if (!/_(?:bucket|sum)\{/.test(key)) add(sampleKey("tidemark_series_other_total", labels), 1);
    }
    return changed;
  }

  /** Adds sums of another object of this class. */
  merge(sums: Samples): void {
    for (const [key, value] of Object.entries(sums)) {
      const kept = this.#admit(key, true);
      if (kept !== undefined) this.samples[kept] = (this.samples[kept] ?? 0) + value;
    }
  }

  /** Adds samples that this object has stored: they are within the bound, or were before it became smaller. */
  restore(stored: Samples): void {
    for (const [key, value] of Object.entries(stored)) if (this.#admit(key, false)) this.samples[key] = value;
  }

  /** The key under which a sample counts; `undefined` for one of no family. */
  #admit(key: string, isBounded: boolean): string | undefined {
    if (key in this.samples) return key;
    const family = familyOf(key);
    if (!family) return undefined;
    const seriesKey = isHistogram(family) ? key.replace(NAME, `${family}_count{`).replace(BUCKET, "}") : key;
    if (seriesKey in this.samples) return key;
    const site = siteOf(key) ?? "";
    const size = isHistogram(family) ? families[family].bounds.length + 3 : 1;
    const count = (this.#bySite.get(site) ?? 0) + size;
    if (isBounded && hasAny(family, VARIABLE) && key !== otherKey(key)) {
      const most = hasAny(family, OF_CLIENTS) ? MAX_SERIES.ofClients : MAX_SERIES.site;
      if (count > most || this.#all + size > MAX_ALL_SERIES) return this.#admit(otherKey(key), true);
    }
    this.#bySite.set(site, count);
    this.#all += size;
    this.samples[seriesKey] ??= 0;
    return key;
  }
}
