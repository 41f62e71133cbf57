import type { Model } from "@tidemark/collector/config";
import type { Reference } from "./drift.ts";

const areNumbers = (values: unknown): values is number[] =>
  Array.isArray(values) && values.every((value) => Number.isFinite(value));

/** The reference distribution in the content of a model file; `undefined` without one, such as in the file of a library. */
const referenceIn = (file: unknown): Reference | undefined => {
  const { edges, shares } = (file as { reference?: { edges?: unknown; shares?: unknown } }).reference ?? {};
  return areNumbers(edges) && areNumbers(shares) && shares.length === edges.length + 1 ? { edges, shares } : undefined;
};

/** The distributions of the predictions in training, by version: those in files that the configuration imports. */
export const referencesOf = (models: readonly Model[], name: string): Map<number, Reference> =>
  new Map(
    models.flatMap(({ runs, ...model }) => {
      if (model.name !== name || runs.type !== "embedded" || runs.file === undefined) return [];
      const reference = referenceIn(runs.file);
      return reference ? [[model.version, reference] as const] : [];
    }),
  );
