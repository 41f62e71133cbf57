import type { FeatureValue } from "@tidemark/schema";
import type { ValueKind } from "@tidemark/schema/value-kind";
import { PredictionError } from "../outcome.ts";

/** The input of one prediction. */
export interface ModelInput {
  entity: string;
  id: string;
  /** Features of the set, in its order, with the kinds of their values. */
  features: { name: string; kind: ValueKind; value: FeatureValue }[];
}

/** The requests and responses of one kind of server. */
export interface ServerProtocol<Run> {
  /** Address and body of the request for one prediction. */
  request(run: Run, input: ModelInput): { url: string; body: unknown };
  /** The prediction in a response with status 200. @throws PredictionError */
  predictionIn(run: Run, response: unknown): number;
  /** Address that responds with status 200 while the model is ready; absent if the kind has none. */
  healthUrl?(run: Run): string;
}

/** The address of a server, and a path. */
export const at = (url: string, path: string): string => `${url.replace(/\/+$/, "")}${path}`;

/** The value of a feature as numbers and tensors have it: `missing` in place of `null`. */
export const filledIn = (value: FeatureValue, missing: number | undefined): FeatureValue => value ?? missing ?? null;

const numbersIn = (value: unknown): unknown[] => (Array.isArray(value) ? value.flatMap(numbersIn) : [value]);

/**
 * The prediction in the output of a model: its only number, or the second of two, which are the probabilities of a binary
 * classifier.
 *
 * @throws PredictionError for anything else.
 */
export const predictionOf = (output: unknown): number => {
  const values = numbersIn(output);
  const value = values.length <= 2 ? values.at(-1) : undefined;
  const isNumber = typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value));
  if (isNumber) return Number(value);
  const given = (JSON.stringify(output) ?? "nothing").slice(0, 100);
  throw new PredictionError("error", `response: expected one number, or two of a binary classifier; given ${given}`);
};

/** The value at a path of names and indices, such as `predictions.0.score`; `undefined` if there is none. */
export const valueAt = (value: unknown, path: string): unknown =>
  path
    .split(".")
    .reduce<unknown>(
      (inner, name) =>
        typeof inner === "object" && inner !== null && Object.hasOwn(inner, name)
          ? (inner as Record<string, unknown>)[name]
          : undefined,
      value,
    );
