import { type Alert, alerts, toPromql } from "@tidemark/collector/alert-rules";
import { describe, expect, it } from "vitest";
import { SCALES, scaledAlert } from "../../src/drill/scale.ts";
import { intervalAt, rulesAt } from "../../src/drill/stack.ts";

const alertOf = (name: string): Alert => {
  const alert = alerts.find((each) => each.name === name);
  if (!alert) throw new Error(`there is no alert ${name}`);
  return alert;
};

const times = (expression: string): number[] =>
  [...expression.matchAll(/(?:\[|offset )(\d[\d.]*)s/g)].map(([, seconds]) => Number(seconds));

describe("an alert on a scale", () => {
  it("is the same at scale 1", () => {
    for (const alert of alerts) expect(scaledAlert(alert, 1)).toEqual(alert);
  });

  it.each(SCALES)("of %i has whole seconds in all windows, with room for three evaluations", (scale) => {
    for (const alert of alerts) {
      const scaled = times(toPromql(scaledAlert(alert, scale).when));
      expect(scaled, alert.name).toEqual(times(toPromql(alert.when)).map((seconds) => seconds / scale));
      for (const seconds of scaled) {
        expect(Number.isInteger(seconds), alert.name).toBe(true);
        expect(seconds, alert.name).toBeGreaterThanOrEqual(3 * intervalAt(scale));
      }
    }
  });

  it("divides limits of times, and no others", () => {
    const of = (name: string) => toPromql(scaledAlert(alertOf(name), 20).when);
    expect(of("TidemarkLogStale")).toBe("max by (site) (tidemark_log_age_seconds) > 60");
    expect(of("TidemarkObjectErrors")).toBe("sum by (object) (rate(tidemark_object_errors_total[6s])) > 0.1");
    expect(of("TidemarkSinkPaused")).toBe("sum by (site, sink) (tidemark_sink_paused) > 0");
  });

  it("is a rule with its severity and its time", () => {
    const { groups } = rulesAt(20) as { groups: { rules: object[] }[] };
    expect(groups[0]?.rules).toHaveLength(alerts.length);
    expect(groups[0]?.rules).toContainEqual({
      ...{ alert: "TidemarkLogStale", expr: "max by (site) (tidemark_log_age_seconds) > 60", for: "6000ms" },
      labels: { severity: "page" },
    });
  });
});
