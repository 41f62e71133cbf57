import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { LoggedEvent } from "@tidemark/engine";
import type { PredictionPayload } from "@tidemark/schema/log";
import { describe, expect, it } from "vitest";
import type { VersionEvaluation } from "../../src/models/evaluation.ts";
import { scoresOf } from "../../src/models/scores.ts";
import { stabilityIndex } from "../../src/models/stability-index.ts";
import type { GeneratedVisit } from "../../src/visits/generate.ts";
import { configWith, deploymentFolder, type Outcome, runTidemark } from "../log/run-tidemark.ts";
import { BEGIN, openVisit, predictionOf, visits, visitsLog } from "../models/predicted-visits.ts";

const config = configWith(
  `[...defaultFeatures, {
    name: "purchases", description: "Purchases.", unit: "count", entity: "session", source: "custom",
    where: [{ field: "name", is: "eq", value: "purchase" }], window: { type: "lifetime" }, aggregate: { type: "count" },
  }]`,
).replace(
  "  features:",
  `  goals: [{ name: "purchase", source: "custom", where: [{ field: "name", is: "eq", value: "purchase" }] }],\n  features:`,
);

const writeLog = visitsLog();

const runWith = async (
  own: string,
  predictions: readonly PredictionPayload[],
  ...args: string[]
): Promise<Outcome & { folder: string }> => {
  const folder = deploymentFolder(own);
  await writeLog(join(folder, "visits"), predictions);
  const outcome = await runTidemark(folder, ["models", "evaluate", "--log", "visits", "--model", "purchase", ...args]);
  return { ...outcome, folder };
};

const run = (predictions: readonly PredictionPayload[], ...args: string[]) => runWith(config, predictions, ...args);

const versionsIn = (outcome: Outcome): VersionEvaluation[] => {
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
  return outcome.json()[0]?.versions as VersionEvaluation[];
};

const evaluated = async (predictions: readonly PredictionPayload[], ...args: string[]): Promise<VersionEvaluation[]> =>
  versionsIn(await run(predictions, "--json", ...args));

const isVisitor = ({ records }: GeneratedVisit): boolean => records[0]?.event.traffic === undefined;
const visitors = visits.filter(isVisitor);
const scoredOf = (some: readonly GeneratedVisit[], weight = 1) =>
  some.map(({ decision: { id, probability, purchase } }) => ({
    id,
    predicted: probability,
    outcome: purchase,
    weight,
  }));
const goal = ["--goal", "purchase"];

describe("tidemark models evaluate", () => {
  it("scores the first prediction from --after on of each session, whatever follows", async () => {
    const { as_of } = (visits[0] as GeneratedVisit).decision;
    expect(as_of).toBe(BEGIN + 60_000);
    const predictions = visits.flatMap((visit) => {
      const { as_of, purchase } = visit.decision;
      const last = visit.records.at(-1)?.event.time as number;
      return [
        // Too early, and after the outcome is known.
        predictionOf(visit, { time: as_of - 50_000, value: 0.5 }),
        predictionOf(visit),
        predictionOf(visit, { time: Math.max(as_of, last) + 500, event_time: last, value: purchase ? 1 : 0 }),
      ];
    });
    const [version] = await evaluated(predictions, ...goal, "--traffic", "all");
    const scored = scoredOf(visits);
    expect(version).toMatchObject({
      ...{ version: 1, role: "primary", recorded: 6_000, predictions: 2_000, entities: 2_000, is_weighted: false },
      positives: scored.filter(({ outcome }) => outcome).length,
      scores: scoresOf(scored),
      left_out: { fallbacks: {}, without_value: 0, early: 2_000, later: 2_000, incomplete: 0, already: 0 },
    });
    const [early] = await evaluated(predictions, ...goal, "--traffic", "all", "--after", "1s");
    expect(early?.scores?.auc.value).toBe(0.5);
  });

  it("leaves out fallbacks and the site's own people, and counts them", async () => {
    const [late, open, none] = [
      { value: 0.99, fallback: "timeout" },
      { value: 0.99, fallback: "open" },
      { value: null, fallback: "error" },
    ] as const;
    const failed = [late, late, open, none, none];
    const predictions = visits.map((visit, index) => predictionOf(visit, failed[index] ?? {}));
    const [version] = await evaluated(predictions, ...goal);
    const known = visits.slice(5).filter(isVisitor);
    expect(version).toMatchObject({ recorded: 2_000, predictions: known.length, scores: scoresOf(scoredOf(known)) });
    expect(version?.left_out).toMatchObject({ fallbacks: { open: 1, timeout: 2 }, without_value: 2 });
    expect(version?.drift.days[0]?.failures).toBe(5);
    const { test = 0, internal = 0 } = version?.left_out ?? {};
    expect(test).toBeGreaterThan(0);
    expect(internal).toBeGreaterThan(0);
    expect(test + internal).toBe(1_995 - known.length);
  });

  it("takes a feature as label, and leaves out predictions for which it held already", async () => {
    const after = visitors.flatMap((visit) => {
      const last = visit.records.at(-1)?.event.time as number;
      return visit.decision.purchase
        ? [predictionOf(visit, { model_version: 2, time: last + 500, event_time: last })]
        : [];
    });
    const predictions = [...visitors.map((visit) => predictionOf(visit)), ...after];
    const [version, late] = await evaluated(predictions, "--label", "purchases");
    expect(version?.scores).toEqual(scoresOf(scoredOf(visitors)));
    expect(late).toMatchObject({ predictions: 0, scores: null, left_out: { already: after.length } });
    // The purchase is the latest event that these predictions knew, and so follows none of them.
    const [, known] = await evaluated(predictions, ...goal);
    expect(known).toMatchObject({ predictions: after.length, positives: 0, scores: null });
  });

  it("weighs predictions by the inverse of their probability of assignment, by version and role", async () => {
    // The share of the canary grew from a half to three quarters.
    const canary = visitors.filter((_, index) => (index < 900 ? index % 2 === 0 : index % 4 > 0));
    const shareOf = (visit: GeneratedVisit) => (visitors.indexOf(visit) < 900 ? 0.5 : 0.75);
    const predictions = visitors.flatMap((visit) => {
      const isCanary = canary.includes(visit);
      const share = shareOf(visit);
      const answer = isCanary
        ? predictionOf(visit, { model_version: 2, role: "canary", probability: share })
        : predictionOf(visit, { probability: 1 - share });
      return [answer, predictionOf(visit, { model_version: 3, role: "shadow", value: 0.5 })];
    });
    const versions = await evaluated(predictions, ...goal);
    expect(versions.map(({ version, role }) => [version, role])).toEqual([
      [1, "primary"],
      [2, "canary"],
      [3, "shadow"],
    ]);
    const [, second, shadow] = versions;
    const weighted = canary.flatMap((visit) => scoredOf([visit], 1 / shareOf(visit)));
    expect(second).toMatchObject({ is_weighted: true, predictions: canary.length });
    expect(second?.scores?.auc.value).toBeCloseTo(scoresOf(weighted).auc.value, 12);
    expect(second?.effective).toBeLessThan(canary.length);
    expect(shadow).toMatchObject({ is_weighted: false, predictions: visitors.length });
  });

  it("refuses to score fewer than 100 positives, and says how many there are", async () => {
    const few = visits.slice(0, 400).map((visit) => predictionOf(visit));
    const positives = visits.slice(0, 400).filter((visit) => isVisitor(visit) && visit.decision.purchase).length;
    const outcome = await run(few, ...goal);
    expect(outcome.code).toBe(1);
    expect(outcome.stdout).toBe("");
    expect(outcome.stderr).toMatch(
      new RegExp(
        `^version 1, primary: ${positives} positives and \\d+ negatives; scores need 100 of each\\.\nLeft out of `,
      ),
    );
  });

  it("leaves out predictions whose horizon has not passed, but not those of sessions that have ended", async () => {
    const made = [...visits, openVisit].map((visit) => predictionOf(visit));
    const [version] = await evaluated(made, ...goal, "--traffic", "all", "--horizon", "30d");
    expect(version).toMatchObject({ predictions: visits.length, left_out: { incomplete: 1 } });
  });

  it("compares the predictions of each day with those of the first one", async () => {
    const dayOf = ({ time }: PredictionPayload) => new Date(time).toISOString().slice(0, 10);
    const predictions = visits.map((visit) => predictionOf(visit));
    // On the last day all predictions are greater.
    const shifted = predictions.map((each) =>
      dayOf(each) === "2026-10-04" ? { ...each, value: Math.min(1, Number(each.value) + 0.4) } : each,
    );
    const [version] = await evaluated(shifted, ...goal);
    const { reference, days } = (version as VersionEvaluation).drift;
    expect(reference).toBe("2026-10-01");
    expect(days.map(({ date, predictions }) => [date, predictions])).toEqual(
      ["2026-10-01", "2026-10-02", "2026-10-03", "2026-10-04"].map((date) => [
        date,
        shifted.filter((each) => dayOf(each) === date).length,
      ]),
    );
    const [first, second, , last] = days.map(({ psi }) => psi as number) as [number, number, number, number];
    expect(first).toBeCloseTo(0, 10);
    expect(second).toBeLessThan(0.1);
    expect(last).toBeGreaterThan(1);

    const values = shifted.filter((each) => dayOf(each) === "2026-10-01").map(({ value }) => Number(value));
    values.sort((a, b) => a - b);
    const edges = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9].map(
      (share) => values[Math.ceil(share * values.length) - 1] as number,
    );
    const countsOn = (date: string) => {
      const counts = new Array<number>(10).fill(0);
      for (const each of shifted.filter((other) => dayOf(other) === date)) {
        const group = edges.filter((edge) => Number(each.value) >= edge).length;
        counts[group] = (counts[group] as number) + 1;
      }
      return counts;
    };
    expect(second).toBeCloseTo(stabilityIndex(countsOn("2026-10-01"), countsOn("2026-10-02")), 10);
  });

  it("finds that predictions have changed which were all equal, or most of them", async () => {
    const onDay = (date: string, first: number, last: number) =>
      visits.map((visit, index) => {
        const each = predictionOf(visit);
        const isLast = new Date(each.time).toISOString().slice(0, 10) === date;
        return { ...each, value: isLast ? last : index % 20 === 0 ? 0.9 : first };
      });
    const [version] = await evaluated(onDay("2026-10-04", 0.2, 0.9), ...goal);
    const psi = version?.drift.days.map((day) => day.psi as number) ?? [];
    expect(psi[1]).toBeLessThan(0.1);
    expect(psi[3]).toBeGreaterThan(1);
  });

  it("compares them with the distribution in the model's file, if the configuration imports it", async () => {
    const predictions = visits.map((visit) =>
      predictionOf(visit, { value: visit.decision.probability < 0.1 ? 0.05 : 0.1 }),
    );
    const share = predictions.filter(({ value }) => value === 0.05).length / predictions.length;
    const file = { format: "tidemark-model", reference: { edges: [0.1], shares: [share, 1 - share] } };
    const model = { name: "purchase", version: 1, set: "intent:1", runs: { type: "embedded", file } };
    const set = { name: "intent", version: 1, entity: "session", features: ["dwell_ms"] };
    const own = config.replace(
      "  goals:",
      `  models: [${JSON.stringify(model)}],\n  featureSets: [${JSON.stringify(set)}],\n  goals:`,
    );
    const [version] = versionsIn(await runWith(own, predictions, "--json", ...goal));
    const { reference, days } = (version as VersionEvaluation).drift;
    expect(reference).toBe("model");
    for (const { psi } of days) expect(psi).toBeLessThan(0.02);
  });

  it("prints tables for people, and draws each version", async () => {
    const predictions = visits.map((visit) => predictionOf(visit));
    const { code, stdout, folder } = await run(predictions, ...goal, "--plot", "purchase.svg");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Predictions of purchase against the goal purchase within 24h: the first ones from 30s on/);
    expect(stdout).toMatch(/^version +role +predictions +positives +AUC /m);
    expect(stdout).toMatch(/^ +1 +primary +\d+ +\d+ +0\.\d{4} \[0\.\d{4}, 0\.\d{4}\] /m);
    expect(stdout).toMatch(/^Left out of version 1, primary: \d+ about tests, \d+ about the site's own people\.$/m);
    expect(stdout).toMatch(/^ +10 +\d+ +0\.\d{4} +0\.\d{4} /m);
    expect(stdout).toMatch(/^Drift of version 1, primary \(PSI against 2026-10-01\):$/m);
    const svg = readFileSync(join(folder, "purchase.svg"), "utf8");
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" .*<\/svg>\n$/s);
    expect(svg.match(/<circle /g)).toHaveLength(10);
    expect(svg).toContain("purchase 1, primary");
  });

  it.each([
    [["--model", "purchase"], "needs either --goal <name> or --label <feature>."],
    [["--goal", "purchase"], "needs --model <name>."],
    [["--model", "purchase", ...goal, "--plot", "a.png"], "--plot expects the name of an .svg file; given a.png."],
    [["--model", "purchase", "--goal", "sale"], "--goal: tidemark.config.ts has no goal sale; expected purchase."],
  ])("explains a wrong command line: %j", async (args, message) => {
    const { code, stderr } = await runTidemark(deploymentFolder(config), ["models", "evaluate", ...args]);
    expect([code > 0, stderr]).toEqual([true, expect.stringContaining(message)]);
  });

  it.each([
    [["--model", "churn", ...goal], "The log has no predictions of model churn; it has those of purchase."],
    [["--label", "top_clicks"], "--label: expected a feature of a session whose value is a boolean or a number: "],
    [[...goal, "--from", "2027-01-01"], "The log has no predictions of model purchase in this period."],
  ])("explains what it cannot compare: %j", async (args, message) => {
    const { code, stderr } = await run([predictionOf(visits[0] as GeneratedVisit)], ...args);
    expect([code > 0, stderr]).toEqual([true, expect.stringContaining(message)]);
  });

  it("says that a log has no predictions", async () => {
    const { code, stderr } = await run([], ...goal);
    expect([code > 0, stderr]).toEqual([true, expect.stringContaining("The log has no predictions of any model.")]);
  });

  it("compares predictions about users in each of their sessions, and needs a horizon for them", async () => {
    // A visitor is known by the browser before the first purchase, and by the user's id from then on.
    const userOf = (event: LoggedEvent | undefined) => event?.user_id ?? (event?.anonymous_id as string);
    const ofVisit = ({ records: [first] }: GeneratedVisit) => userOf(first?.event);
    const predictions = visitors.map((visit) => predictionOf(visit, { entity: "user", id: ofVisit(visit) }));
    const unbounded = await run(predictions, ...goal);
    expect(unbounded).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("about a user need --horizon <duration>."),
    });

    const bought = visitors.filter((visit) => {
      const { event } = visit.records.at(-1) as GeneratedVisit["records"][number];
      return visit.decision.purchase && userOf(event) === ofVisit(visit);
    });
    const { stderr } = await run(predictions, ...goal, "--horizon", "20m");
    const [positives, negatives] = [bought.length, visitors.length - bought.length];
    expect(stderr).toContain(`version 1, primary: ${positives} positives and ${negatives} negatives; `);
  });

  it("refuses values that are not probabilities", async () => {
    const outcome = await run([predictionOf(visits[0] as GeneratedVisit, { value: 12.5 })], ...goal);
    expect(outcome).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("predicts 12.5: scores need probabilities"),
    });
  });
});
