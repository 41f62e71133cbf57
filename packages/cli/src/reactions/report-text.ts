import { formatTable } from "../command-line/table.ts";
import { LEAST_OUTCOMES, LEAST_SESSIONS } from "./comparison.ts";
import type { ReactionReport } from "./report.ts";
import type { Estimate } from "./wilson.ts";

const percent = (value: number): string => (value * 100).toFixed(2);
const signed = (value: number): string => `${value > 0 ? "+" : ""}${percent(value)}`;

const estimateText = ({ value, low, high }: Estimate, text: (value: number) => string, unit: string): string =>
  `${text(value)} ${unit} [${text(low)}, ${text(high)}]`;

/** The probability of a test, or that it is too small to matter how small. */
const probabilityText = (p: number): string => (p < 0.0001 ? "p < 0.0001" : `p = ${p.toFixed(4)}`);

const refusalText = ({ refusal, treatment, holdout, ...report }: ReactionReport): string | undefined => {
  const { sample_ratio, holdout_changed_at } = report;
  switch (refusal) {
    case null:
      return undefined;
    case "no_holdout":
      return "every session received it (holdout: 0), so there are none to compare with.";
    case "holdout_changed":
      return `the share of its holdout changed in this period. Report each time apart: --to or --from ${new Date(holdout_changed_at ?? 0).toISOString()}.`;
    case "sample_ratio":
      return `its holdout has ${holdout.sessions} sessions, and ${Math.round(sample_ratio?.expected_holdout ?? 0)} are expected (${probabilityText(sample_ratio?.p ?? 0)}). Sessions of one arm are missing, or their arms are not by chance; then the arms do not compare.`;
    case "too_few_sessions":
      return `it needs ${LEAST_SESSIONS} sessions in each arm; given ${treatment.sessions} in treatment and ${holdout.sessions} in the holdout.`;
    case "too_few_outcomes":
      return `it needs ${LEAST_OUTCOMES} outcomes in each arm; given ${treatment.outcomes} in treatment and ${holdout.outcomes} in the holdout.`;
  }
};

const DIRECTIONS = {
  higher: "The outcome is more frequent with the reaction.",
  lower: "The outcome is less frequent with the reaction.",
  unclear: "The interval contains zero: these sessions show no effect.",
};

const armsTable = ({ treatment, holdout }: ReactionReport): string =>
  formatTable(
    ["arm", "sessions", "outcomes", "share"],
    Object.entries({ treatment, holdout }).map(([name, { sessions, outcomes, share }]) => [
      ...[name, sessions, outcomes, share && estimateText(share, percent, "%")],
    ]),
  );

const liftLines = ({ lift }: ReactionReport): string[] =>
  lift === null
    ? []
    : [
        `Lift: ${estimateText(lift.absolute, signed, "points")}; relative ${estimateText(lift.relative, signed, "%")}. ${DIRECTIONS[lift.direction]}`,
      ];

const leftOutLines = ({ left_out: { incomplete, test, internal } }: ReactionReport): string[] => {
  const texts = [
    ...(incomplete > 0 ? [`${incomplete} sessions whose outcome is not known yet`] : []),
    ...(test > 0 ? [`${test} of tests`] : []),
    ...(internal > 0 ? [`${internal} of the site's own people`] : []),
  ];
  return texts.length > 0 ? [`Left out: ${texts.join(", ")}.`] : [];
};

const reactionText = (report: ReactionReport): string => {
  const { reaction, sample_ratio, firings } = report;
  const { fired, held_out, ...steps } = firings;
  const refused = refusalText(report);
  return [
    `Reaction ${reaction}\n\n${armsTable(report)}\n`,
    ...liftLines(report),
    ...(refused === undefined ? [] : [`No conclusion: ${refused}`]),
    ...(sample_ratio === null || sample_ratio.is_mismatch
      ? []
      : [
          `Sample ratio: ${Math.round(sample_ratio.expected_holdout)} sessions are expected in the holdout (${probabilityText(sample_ratio.p)}).`,
        ]),
    `Firings: ${fired}, of which ${held_out} in the holdout. Of the others: ${Object.entries(steps)
      .map(([step, count]) => `${count} ${step}`)
      .join(", ")}.`,
    ...leftOutLines(report),
  ].join("\n");
};

/** Formats the reports of reactions for people. */
export const reportText = (reports: readonly ReactionReport[]): string => reports.map(reactionText).join("\n\n");
