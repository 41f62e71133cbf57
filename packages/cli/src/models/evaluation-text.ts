import { formatTable } from "../command-line/table.ts";
import type { LeftOut, VersionEvaluation } from "./evaluation.ts";
import { type Estimate, LEAST_OUTCOMES } from "./scores.ts";

const decimals = (value: number): string => value.toFixed(4);

const estimateText = ({ value, low, high }: Estimate): string =>
  `${decimals(value)} [${decimals(low)}, ${decimals(high)}]`;

const titleOf = ({ version, role }: VersionEvaluation): string => `version ${version}, ${role}`;

/** The reasons for which predictions are in no score, with their numbers. */
const leftOutText = ({ fallbacks, ...counts }: LeftOut): string[] => {
  const all = Object.entries(fallbacks);
  const answered = all.reduce((sum, [, count]) => sum + count, 0);
  const texts: Record<keyof typeof counts, string> = {
    without_value: "without a value",
    early: "before --after, or about an entity without events",
    later: "after another one in the same session",
    incomplete: "whose label is not known yet",
    already: "for which the label held already",
    test: "about tests",
    internal: "about the site's own people",
  };
  return [
    ...(answered > 0
      ? [`${answered} fallbacks (${all.map(([reason, count]) => `${reason} ${count}`).join(", ")})`]
      : []),
    ...Object.entries(counts).flatMap(([reason, count]) =>
      count > 0 ? [`${count} ${texts[reason as keyof typeof counts]}`] : [],
    ),
  ];
};

/** Explains why a version has no scores. */
export const refusalText = ({ predictions, positives, ...version }: VersionEvaluation): string =>
  `${titleOf({ predictions, positives, ...version })}: ${positives} positives and ${predictions - positives} negatives; scores need ${LEAST_OUTCOMES} of each.`;

/** Formats the predictions that are in no score of a version; `undefined` if there are none. */
export const leftOutLine = (version: VersionEvaluation): string | undefined => {
  const texts = leftOutText(version.left_out);
  return texts.length > 0 ? `Left out of ${titleOf(version)}: ${texts.join(", ")}.` : undefined;
};

const scoresTable = (versions: readonly VersionEvaluation[]): string =>
  formatTable(
    ["version", "role", "predictions", "positives", "AUC", "log loss", "Brier score", "calibration error"],
    versions.flatMap(({ version, role, predictions, positives, scores }) =>
      scores
        ? [
            [
              ...[version, role, predictions, positives, estimateText(scores.auc), estimateText(scores.log_loss)],
              ...[estimateText(scores.brier), decimals(scores.calibration_error)],
            ],
          ]
        : [],
    ),
  );

const decilesTable = ({ scores }: VersionEvaluation): string =>
  formatTable(
    ["decile", "predictions", "from", "to", "predicted", "observed"],
    (scores?.deciles ?? []).map(
      ({ decile, predictions, from, to, predicted, observed, observed_low, observed_high }) => [
        ...[decile, predictions, decimals(from), decimals(to), decimals(predicted)],
        estimateText({ value: observed, low: observed_low, high: observed_high }),
      ],
    ),
  );

const driftTable = ({ drift }: VersionEvaluation): string =>
  formatTable(
    ["day", "predictions", "failures", "mean", "PSI"],
    drift.days.map(({ date, predictions, failures, mean, psi }) => [
      ...[date, predictions, failures, mean === null ? null : decimals(mean), psi === null ? null : decimals(psi)],
    ]),
  );

const referenceText = ({ drift: { reference } }: VersionEvaluation): string => {
  if (reference === null) return "no day has 100 predictions to compare";
  return reference === "model" ? "PSI against the model's file" : `PSI against ${reference}`;
};

/** Formats the evaluation of a model for people. */
export const evaluationText = (versions: readonly VersionEvaluation[]): string => {
  const notices = versions.flatMap((version) => [
    ...(version.scores ? [] : [`No scores of ${refusalText(version)}`]),
    ...(version.is_weighted
      ? [
          `Predictions of ${titleOf(version)} have the inverse of their probability of assignment as weight; they are as precise as ${Math.round(version.effective)} of equal weight.`,
        ]
      : []),
    leftOutLine(version) ?? [],
  ]);
  const scored = versions.filter(({ scores }) => scores);
  return [
    scoresTable(scored),
    ...(notices.length > 0 ? [notices.join("\n")] : []),
    ...scored.map((version) => `Calibration of ${titleOf(version)}:\n\n${decilesTable(version)}`),
    ...versions.map((version) => `Drift of ${titleOf(version)} (${referenceText(version)}):\n\n${driftTable(version)}`),
  ].join("\n\n");
};
