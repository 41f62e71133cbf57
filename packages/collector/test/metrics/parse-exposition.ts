import { expect } from "vitest";

/** A series with its value. */
export interface ParsedSample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

/** A family as an exposition states it. */
export interface ParsedFamily {
  name: string;
  type: string;
  help: string;
  unit?: string;
  samples: ParsedSample[];
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const NUMBER = /^(?:[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?|[-+]Inf|NaN)$/;

const unescaped = (text: string): string =>
  text.replace(/\\(.)/g, (_, character: string) => ({ n: "\n" })[character] ?? character);

/** Parses labels, from the character after the opening brace. Returns them, and the text after the closing one. */
const parseLabels = (text: string): [Record<string, string>, string] => {
  const labels: Record<string, string> = {};
  let rest = text;
  while (!rest.startsWith("}")) {
    const pair = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,(?!\})|(?=\}))/.exec(rest);
    expect(pair, rest).not.toBeNull();
    const [all = "", name = "", value = ""] = pair ?? [];
    expect(labels, "each label once").not.toHaveProperty([name]);
    labels[name] = unescaped(value);
    rest = rest.slice(all.length);
  }
  return [labels, rest.slice(1)];
};

const valueIn = (text: string): number => {
  expect(text).toMatch(NUMBER);
  return Number(text.replace("Inf", "Infinity"));
};

/** The ends that the names of a family's samples have, by type and format. */
const endsOf = (type: string, isOpenMetrics: boolean): string[] => {
  if (type === "histogram") return ["_bucket", "_sum", "_count"];
  return [type === "counter" && isOpenMetrics ? "_total" : ""];
};

/** Checks the rules of a histogram: growing buckets up to +Inf, which is the count. */
const expectHistogram = ({ samples, name }: ParsedFamily): void => {
  const series = new Map<string, ParsedSample[]>();
  for (const sample of samples) {
    const { le: _, ...labels } = sample.labels;
    const key = JSON.stringify(labels);
    series.set(key, [...(series.get(key) ?? []), sample]);
  }
  for (const each of series.values()) {
    const buckets = each.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) => Number(labels.le?.replace("Inf", "Infinity")));
    expect(bounds).toEqual([...new Set(bounds)].sort((a, b) => a - b));
    expect(bounds.at(-1)).toBe(Number.POSITIVE_INFINITY);
    const values = buckets.map(({ value }) => value);
    expect(values).toEqual(values.toSorted((a, b) => a - b));
    const [sum, count, ...others] = each.slice(buckets.length);
    expect([sum?.name, count?.name, others]).toEqual([`${name}_sum`, `${name}_count`, []]);
    expect(count?.value).toBe(values.at(-1));
  }
};

/**
 * Parses an exposition by the rules of Prometheus' text format 0.0.4 or of OpenMetrics 1.0.0, and expects that it keeps
 * them.
 */
export const parseExposition = (text: string, format: "text" | "openmetrics"): ParsedFamily[] => {
  const isOpenMetrics = format === "openmetrics";
  expect(text.endsWith("\n")).toBe(true);
  const lines = text.slice(0, -1).split("\n");
  if (isOpenMetrics) expect(lines.pop()).toBe("# EOF");
  const families: ParsedFamily[] = [];
  for (const line of lines) {
    const meta = new RegExp(`^# (HELP|TYPE|UNIT) (${NAME}) (.*)$`).exec(line);
    if (line.startsWith("#")) {
      expect(meta, line).not.toBeNull();
      const [, kind, name = "", value = ""] = meta ?? [];
      if (kind === "HELP") {
        expect(
          families.map((family) => family.name),
          "each family once",
        ).not.toContain(name);
        families.push({ name, help: unescaped(value), type: "", samples: [] });
      }
      const family = families.at(-1);
      expect(family?.name).toBe(name);
      expect(family?.samples, "metadata before samples").toEqual([]);
      if (!family) continue;
      if (kind === "TYPE") family.type = value;
      if (kind === "UNIT") {
        expect(isOpenMetrics && name.endsWith(`_${value}`), line).toBe(true);
        family.unit = value;
      }
      continue;
    }
    const name = new RegExp(`^${NAME}(?=\\{)`).exec(line)?.[0] ?? "";
    const [labels, value] = parseLabels(line.slice(name.length + 1));
    const family = families.at(-1);
    expect(endsOf(family?.type ?? "", isOpenMetrics).map((end) => `${family?.name}${end}`)).toContain(name);
    expect(value.startsWith(" ")).toBe(true);
    family?.samples.push({ name, labels, value: valueIn(value.slice(1)) });
  }
  for (const family of families) {
    expect(family.type).toMatch(isOpenMetrics ? /^(counter|gauge|histogram)$/ : /^(counter|gauge|histogram|untyped)$/);
    if (isOpenMetrics && family.type === "counter") expect(family.name).not.toMatch(/_total$/);
    const series = family.samples.map(({ name, labels }) => JSON.stringify([name, Object.entries(labels).sort()]));
    expect(new Set(series).size, "each series once").toBe(series.length);
    if (family.type === "histogram") expectHistogram(family);
  }
  return families;
};
