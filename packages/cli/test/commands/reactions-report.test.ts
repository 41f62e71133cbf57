import { join } from "node:path";
import type { ReactionPayload } from "@tidemark/schema/log";
import { describe, expect, it } from "vitest";
import { compare } from "../../src/reactions/comparison.ts";
import type { ReactionReport } from "../../src/reactions/report.ts";
import { reportText } from "../../src/reactions/report-text.ts";
import type { GeneratedVisit } from "../../src/visits/generate.ts";
import { configWith, deploymentFolder, type Outcome, runTidemark } from "../log/run-tidemark.ts";
import { BEGIN, openVisit, visits, visitsLog, writeRecords } from "../models/predicted-visits.ts";
import { type ArmName, firingOf, stepOf } from "../reactions/reacted-visits.ts";

const config = configWith("defaultFeatures").replace(
  "  features:",
  `  goals: [{ name: "purchase", source: "custom", where: [{ field: "name", is: "eq", value: "purchase" }] }],\n  features:`,
);

const writeLog = visitsLog();
const goal = ["--goal", "purchase"];
const isVisitor = ({ records }: GeneratedVisit): boolean => records[0]?.event.traffic === undefined;
const visitors = visits.filter(isVisitor);
const lastOf = ({ records }: GeneratedVisit): number => records.at(-1)?.event.time as number;

/** Every second visit is in the holdout. */
const armOf = (visit: GeneratedVisit): ArmName => (visits.indexOf(visit) % 2 === 0 ? "treatment" : "holdout");
const fired = (some: readonly GeneratedVisit[], changed: Partial<ReactionPayload> = {}): ReactionPayload[] =>
  some.map((visit) => firingOf(visit, armOf(visit), changed));

/** The sessions of an arm, and those with a purchase after the decision. */
const countsOf = (some: readonly GeneratedVisit[], arm: ArmName) => {
  const own = some.filter((visit) => armOf(visit) === arm);
  return { sessions: own.length, outcomes: own.filter(({ decision }) => decision.purchase).length };
};
const comparisonOf = (some: readonly GeneratedVisit[], share = 0.5) =>
  compare(countsOf(some, "treatment"), countsOf(some, "holdout"), [share]);

/** Runs the command over the visits with steps of reactions, and with more events. */
const run = async (steps: readonly ReactionPayload[], args: readonly string[], events: readonly object[] = []) => {
  const folder = deploymentFolder(config);
  await writeLog(join(folder, "visits"), steps, "reaction");
  if (events.length > 0) await writeRecords(join(folder, "visits/more"), events);
  return runTidemark(folder, ["reactions", "report", "--log", "visits", ...args]);
};

const reportsIn = (outcome: Outcome): ReactionReport[] => {
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
  return outcome.json()[0]?.reactions as ReactionReport[];
};
const reported = async (steps: readonly ReactionPayload[], ...args: string[]): Promise<ReactionReport[]> =>
  reportsIn(await run(steps, [...goal, "--json", ...args]));

describe("tidemark reactions report", () => {
  it("compares sessions by the arm of their first firing, whatever happened to it and to later ones", async () => {
    const firsts = fired(visits);
    const later = visits.map((visit, index) =>
      firingOf(visit, index % 3 === 0 ? "treatment" : "holdout", {
        ...{
          reaction_id: `${visit.decision.id}/2`,
          time: Math.max(visit.decision.as_of, lastOf(visit)) + 5_000,
          event_time: lastOf(visit),
        },
      }),
    );
    // Half of the treatment never receives the reaction.
    const received = firsts.filter(({ arm }, index) => arm === "treatment" && index % 4 === 0);
    // The log does not go back to the firing of the last step: it is of a session that fired nothing in the log.
    const expired = stepOf(firingOf(openVisit, "treatment", { time: BEGIN }), "expired");
    const steps = [...received.map((each) => stepOf(each, "received")), expired];
    const [report] = await reported([...later, ...firsts, ...steps]);
    const expected = comparisonOf(visitors);
    expect(expected.treatment.outcomes).toBeGreaterThan(50);
    expect(report).toMatchObject({ reaction: "offer_help", holdout_share: 0.5, holdout_changed_at: null, ...expected });
  });

  it("takes an event after the firing as outcome, within the horizon and in the same session", async () => {
    const bought = visitors.filter(({ decision }) => decision.purchase);
    const late = bought.map((visit) =>
      firingOf(visit, armOf(visit), { time: lastOf(visit) + 400, event_time: lastOf(visit) }),
    );
    const [after] = await reported(late);
    expect([after?.treatment.outcomes, after?.holdout.outcomes]).toEqual([0, 0]);
    expect(after?.treatment.sessions).toBe(countsOf(bought, "treatment").sessions);

    const horizon = 300_000;
    const [soon] = await reported(fired(visitors), "--horizon", "5m");
    const inTime = visitors.filter(
      (visit) => visit.decision.purchase && lastOf(visit) < visit.decision.as_of + horizon,
    );
    expect(inTime.length).toBeGreaterThan(10);
    expect(soon?.treatment.outcomes).toBe(countsOf(inTime, "treatment").outcomes);
    expect(soon?.holdout.outcomes).toBe(countsOf(inTime, "holdout").outcomes);
  });

  it("counts the steps of firings, and the events about them", async () => {
    const firsts = fired(visitors);
    const treated = firsts.filter(({ arm }) => arm === "treatment");
    const steps = (["received", "unknown", "expired"] as const).flatMap((step, index) =>
      treated.slice(10 * index, 10 * index + 3 + index).map((each) => stepOf(each, step)),
    );
    const [visit] = visitors as [GeneratedVisit];
    const last = visit.records.at(-1) as GeneratedVisit["records"][number];
    const eventOf = (type: string, reaction_id: string, index: number) => ({
      ...last,
      ...{ offset: 20_000_000 + index, arrival: 100 + index },
      event: {
        ...{ ...last.event, type, reaction: "offer_help", reaction_id, seq: 1_000 + index, properties: undefined },
        time: visit.decision.as_of + 1_000,
      },
    });
    const ids = treated.map(({ reaction_id }) => reaction_id);
    const [one, two] = ids as [string, string];
    const events = [
      ...[eventOf("reaction_shown", one, 0), eventOf("reaction_shown", one, 1), eventOf("reaction_shown", two, 2)],
      ...[eventOf("reaction_dismissed", two, 3), eventOf("reaction_acted", one, 4)],
      // Anybody can send an event about a firing that does not exist.
      eventOf("reaction_acted", "another/1", 5),
    ];
    const [report] = reportsIn(await run([...firsts, ...steps], [...goal, "--json"], events));
    expect(report?.firings).toEqual({
      ...{ fired: firsts.length, held_out: firsts.length - treated.length, received: 3, unknown: 4, expired: 5 },
      ...{ shown: 2, dismissed: 1, acted: 1 },
    });
    const [acted] = reportsIn(await run([...firsts, ...steps], ["--event", "reaction_acted", "--json"], events));
    expect([acted?.treatment.outcomes, acted?.holdout.outcomes, acted?.refusal]).toEqual([1, 0, "too_few_outcomes"]);
  });

  it("leaves out the site's own people, and firings from the first one on whose outcome is not known", async () => {
    const [report] = await reported(fired([...visits, openVisit]));
    expect(report).toMatchObject(comparisonOf(visitors));
    const { test, internal } = report?.left_out ?? { test: 0, internal: 0 };
    expect(report?.left_out.incomplete).toBe(isVisitor(openVisit) ? 1 : 0);
    expect([test > 0, internal > 0, test + internal]).toEqual([true, true, visits.length - visitors.length]);

    // The visits after the first open firing count in neither arm, also those that have ended.
    const openFrom = visitors[1_500] as GeneratedVisit;
    const goesOn = firingOf(openVisit, "treatment", { time: openFrom.decision.as_of });
    const [cut] = await reported([...fired(visitors), goesOn], "--horizon", "7d");
    const before = visitors.filter(({ decision }) => decision.as_of < openFrom.decision.as_of);
    expect(cut).toMatchObject(comparisonOf(before));
    expect(cut?.left_out.incomplete).toBe(visitors.length - before.length + 1);

    const [all] = await reported(fired(visits), "--traffic", "all");
    expect(all).toMatchObject({ ...comparisonOf(visits), left_out: { incomplete: 0, test: 0, internal: 0 } });
  });

  it("reports each reaction, or one of them, in a period", async () => {
    const other = fired(visitors, { reaction: "discount" }).map((each) => ({
      ...each,
      reaction_id: `${each.id}/discount`,
    }));
    const steps = [...fired(visitors), ...other.slice(0, 400)];
    const reports = await reported(steps);
    expect(reports.map(({ reaction }) => reaction)).toEqual(["discount", "offer_help"]);
    expect(reports[0]).toMatchObject(comparisonOf(visitors.slice(0, 400)));
    expect(reports[1]).toMatchObject(comparisonOf(visitors));

    const { as_of } = (visitors[300] as GeneratedVisit).decision;
    const from = new Date(as_of).toISOString();
    const [late, ...rest] = await reported(steps, "--reaction", "offer_help", "--from", from);
    expect(rest).toEqual([]);
    expect(late).toMatchObject(comparisonOf(visitors.filter(({ decision }) => decision.as_of >= as_of)));
  });

  it("takes a condition of events in place of a goal", async () => {
    const steps = fired(visitors);
    const [[byGoal], byEvent] = [
      await reported(steps),
      reportsIn(await run(steps, ["--event", "custom:name=purchase", "--json"])),
    ];
    expect(byEvent).toEqual([byGoal]);
    const [clock] = reportsIn(
      await run(steps, ["--event", "custom:name=purchase,properties.price=45", "--json", "--traffic", "all"]),
    );
    const prices = visitors.filter(({ records }) =>
      records.some(({ event }) => event.type === "custom" && event.properties?.price === 45),
    );
    expect(prices.length).toBeGreaterThan(0);
    expect((clock?.treatment.outcomes ?? 0) + (clock?.holdout.outcomes ?? 0)).toBe(prices.length);
  });

  it("prints for people", async () => {
    const { code, stdout } = await run(fired(visits), goal);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Sessions with the goal purchase within 24h after the first firing, by arm\./);
    expect(stdout).toMatch(/^treatment +\d+ +\d+ +\d+\.\d\d % \[\d+\.\d\d, \d+\.\d\d\]$/m);
    expect(stdout).toMatch(/^holdout +\d+ +\d+ +\d+\.\d\d % /m);
    expect(stdout).toMatch(
      /^Lift: [+-]\d+\.\d\d points \[-\d+\.\d\d, \+\d+\.\d\d\]; relative [+-]\d+\.\d\d % \[-\d+\.\d\d, \+\d+\.\d\d\]\. The interval contains zero: /m,
    );
    expect(stdout).toMatch(/^Sample ratio: \d+ sessions are expected in the holdout \(p = \d\.\d{4}\)\.$/m);
    expect(stdout).toMatch(/^Firings: \d+, of which \d+ in the holdout\. Of the others: 0 received, 0 unknown, /m);
    expect(stdout).toMatch(/^Left out: \d+ of tests, \d+ of the site's own people\.$/m);
  });

  it.each([
    ["no_holdout", fired(visitors, { arm: "treatment", holdout: 0 }), /No conclusion: every session received it/],
    [
      "holdout_changed",
      fired(visitors).map((each, index) => ({ ...each, holdout: index < 900 ? 0.5 : 0.4 })),
      new RegExp(
        `No conclusion: the share of its holdout changed .*--from ${new Date(visitors[900]?.decision.as_of ?? 0).toISOString()}\\.`,
      ),
    ],
    [
      "sample_ratio",
      fired(visitors, { holdout: 0.4 }),
      /No conclusion: its holdout has \d+ sessions, and \d+ are expected \(p < 0\.0001\)\./,
    ],
    [
      "too_few_sessions",
      fired(visitors.slice(0, 150)),
      /No conclusion: it needs 100 sessions in each arm; given 7\d in/,
    ],
    [
      "too_few_outcomes",
      fired(visitors.filter(({ decision }) => !decision.purchase).slice(0, 250)),
      /No conclusion: it needs 10 outcomes in each arm; given \d+ in/,
    ],
  ])("refuses to conclude: %s", async (refusal, steps, text) => {
    const [report] = await reported(steps);
    expect(report).toMatchObject({ refusal, lift: null });
    const printed = reportText([report as ReactionReport]);
    expect(printed).toMatch(text);
    expect(printed).not.toContain("Lift:");
  });

  it.each([
    [[], "needs either --goal <name> or --event <condition>."],
    [[...goal, "--event", "click"], "needs either --goal <name> or --event <condition>."],
    [["--goal", "sale"], "--goal: tidemark.config.ts has no goal sale; expected purchase."],
    [["--event", "purchase"], "--event: expected an event type: page_view, "],
    [[...goal, "--traffic", "bots"], "--traffic expects visitors or all;"],
  ])("explains a wrong command line: %j", async (args, message) => {
    const { code, stderr } = await runTidemark(deploymentFolder(config), ["reactions", "report", ...args]);
    expect([code > 0, stderr]).toEqual([true, expect.stringContaining(message)]);
  });

  it.each([
    [[], ["--reaction", "discount"], "The log has no reactions."],
    [
      fired(visitors.slice(0, 2)),
      ["--reaction", "discount"],
      "no reactions of the name discount; it has those of offer_help.",
    ],
    [fired(visitors.slice(0, 2)), ["--from", "2027-01-01"], "The log has no reactions that fired in this period."],
  ])("explains what it cannot compare", async (steps, args, message) => {
    const { code, stderr } = await run(steps, [...goal, ...args]);
    expect([code > 0, stderr]).toEqual([true, expect.stringContaining(message)]);
  });
});
