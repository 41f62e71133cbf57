import { describe, expect, it } from "vitest";
import { type Family, families, isHistogram, type Label, type Samples, sampleKey } from "../../src/metrics/families.ts";
import { alerts } from "../../src/monitor/alerts.ts";
import { evaluateCondition } from "../../src/monitor/evaluate.ts";
import { History, namesIn } from "../../src/monitor/history.ts";

const BEGIN = Date.UTC(2026, 10, 30);
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

const names = [...new Set(alerts.flatMap(({ when }) => namesIn(when)))];

/** Labels with which a metric counts as a fault. */
const FAULT: Partial<Record<Label, string>> = {
  ...{ site: "shop", sink: "orders", outcome: "refused", entity: "user", status: "503", route: "/v1/events" },
  ...{ object: "Session", cause: "offline", step: "log", release: "js/1.0.0", code: "too_old", field: "time" },
};

/** Gauges that are 1 during a fault only. */
const FLAGS = ["tidemark_sink_paused", "tidemark_objects_unresponsive"];

/** A deployment at rest that has had faults of each kind at some time. */
const atRest: Samples = Object.fromEntries(
  Object.entries(families).flatMap(([name, { type, labels }]) => {
    if (isHistogram(name as Family) || !names.includes(name)) return [];
    const values = Object.fromEntries(labels.map((label) => [label, FAULT[label as Label] ?? "1"]));
    const value = type === "counter" ? 1_000 : name === "tidemark_feast_export_max_age_seconds" ? 60 : 1;
    return [[sampleKey(name as Family, values), FLAGS.includes(name) ? 0 : value]];
  }),
);

/** The names of the alerts that hold at a time of some rounds each 10 s, of which `isRead` says whether they are read. */
const heldDuring = (ms: number, isRead: (sinceBegin: number) => Samples | undefined): Set<string> => {
  const history = new History(names);
  const held = new Set<string>();
  for (let passed = 0; passed <= ms; passed += 10 * SECOND) {
    const samples = isRead(passed);
    if (!samples) continue;
    history.add(BEGIN + passed, samples);
    for (const { name, when } of alerts)
      if (evaluateCondition(when, history, BEGIN + passed).length > 0) held.add(name);
  }
  return held;
};

describe("the alerts of a deployment at rest that has had faults before", () => {
  it("do not hold when its metrics are first read", () => {
    expect(heldDuring(75 * MINUTE, () => atRest)).toEqual(new Set(["TidemarkWatchdog"]));
  });

  it("do not hold after a time in which its metrics could not be read", () => {
    for (const gap of [6, 9, 11, 20, 90])
      expect([
        gap,
        heldDuring(120 * MINUTE, (at) => (at < 25 * MINUTE || at > (25 + gap) * MINUTE ? atRest : undefined)),
      ]).toEqual([gap, new Set(["TidemarkWatchdog"])]);
  });

  it("do not hold after a time in which the objects of its sinks did not respond", () => {
    const withoutSinks = Object.fromEntries(Object.entries(atRest).filter(([key]) => !key.includes("_sink_")));
    expect(heldDuring(120 * MINUTE, (at) => (at > 25 * MINUTE && at < 45 * MINUTE ? withoutSinks : atRest))).toEqual(
      new Set(["TidemarkWatchdog"]),
    );
  });
});

describe("the first fault of a kind, whose counter appears with it", () => {
  const without = (text: string) => Object.fromEntries(Object.entries(atRest).filter(([key]) => !key.includes(text)));

  it.each([
    ["TidemarkWebhookFailing", "tidemark_webhook_messages_total"],
    ["TidemarkSetAside", "tidemark_rows_set_aside_total"],
    ["TidemarkSetAside", "tidemark_log_records_set_aside_total"],
  ])("makes %s hold, by %s", (alert, name) => {
    const appears = 90 * MINUTE;
    expect(heldDuring(180 * MINUTE, (at) => (at < appears ? without(name) : atRest))).toContain(alert);
    expect(heldDuring(appears - MINUTE, () => without(name))).not.toContain(alert);
  });
});
