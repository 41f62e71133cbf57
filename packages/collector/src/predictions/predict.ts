import type { FeatureValue } from "@tidemark/schema";
import { primaryOf } from "../check-models.ts";
import { DEFAULT_TIMEOUT_MS } from "../define-model.ts";
import type { Env } from "../env.ts";
import { measureWait } from "../metrics/waits.ts";
import type { CompiledModel, Tenant } from "../tenants.ts";
import { type Breaker, createBreaker } from "./breaker.ts";
import { loadedModel, loadModel } from "./embedded-models.ts";
import { changedSet, type LoadedModel } from "./model-file.ts";
import { type Outcome, PredictionError } from "./outcome.ts";
import { callServer, isRemote } from "./servers/call-server.ts";
import type { ModelInput } from "./servers/server-protocol.ts";

/** An entity with all its features, and its predictions as `prediction.<model>`. */
export interface Subject {
  entity: string;
  id: string;
  features: Readonly<Record<string, FeatureValue>>;
}

/** The values of a version's set, in its order. */
export const valuesOf = ({ input }: CompiledModel, { features }: Pick<Subject, "features">): FeatureValue[] =>
  input.features.map((name) => features[name] ?? null);

const predictionBy = (version: CompiledModel, read: LoadedModel, subject: Subject): number => {
  if ("refused" in read) throw new PredictionError("missing_model", read.refused);
  const value = read.model.predict(valuesOf(version, subject));
  if (Number.isFinite(value)) return value;
  throw new PredictionError("error", `the model's prediction is ${value}`);
};

const outcomeOf = (error: unknown, startedAt: number): Outcome => {
  const { failure, message } = error instanceof PredictionError ? error : new PredictionError("error", String(error));
  return { value: null, fallback: failure, latency_ms: Date.now() - startedAt, error: message };
};

/** The embedded model that answers in place of a version; `undefined` for a number, or without a fallback. */
const fallbackOf = ({ fallback }: CompiledModel, { models }: Pick<Tenant, "models">): CompiledModel | undefined =>
  typeof fallback === "string" ? primaryOf(models, fallback) : undefined;

/** Adds the prediction of the fallback to a failed outcome. @param read The file of an embedded fallback. */
const withFallback = (
  version: CompiledModel,
  tenant: Pick<Tenant, "models">,
  subject: Subject,
  outcome: Outcome,
  read: LoadedModel | undefined,
): Outcome => {
  const { fallback } = version;
  if (typeof fallback === "number") return { ...outcome, value: fallback };
  const other = fallbackOf(version, tenant);
  if (!other || !read) return outcome;
  try {
    return { ...outcome, value: predictionBy(other, read, subject) };
  } catch (error) {
    return { ...outcome, error: `${outcome.error}; fallback ${fallback}: ${(error as Error).message}` };
  }
};

/**
 * The outcome of an embedded version at once. It is `undefined` for one on a server, and until its file has been read from the
 * bucket, or that of the fallback in its place.
 */
export const predictAtOnce = (
  version: CompiledModel,
  tenant: Pick<Tenant, "models">,
  subject: Subject,
): Outcome | undefined => {
  const read = loadedModel(version);
  if (!read) return undefined;
  try {
    return { value: predictionBy(version, read, subject), fallback: null, latency_ms: 0 };
  } catch (error) {
    const other = fallbackOf(version, tenant);
    const otherRead = other && loadedModel(other);
    if (other && !otherRead) return undefined;
    return withFallback(version, tenant, subject, outcomeOf(error, Date.now()), otherRead);
  }
};

const inputOf = ({ input, kinds }: CompiledModel, { entity, id, features }: Subject): ModelInput => ({
  ...{ entity, id },
  features: input.features.map((name) => ({
    ...{ name, kind: kinds.get(name) ?? "null", value: features[name] ?? null },
  })),
});

/** The breakers of this isolate. */
const breakers = new WeakMap<CompiledModel, Breaker>();

/** The breaker of a version on a server, in this isolate. */
const breakerOf = (version: CompiledModel): Breaker => {
  const breaker = breakers.get(version) ?? createBreaker();
  breakers.set(version, breaker);
  return breaker;
};

const askServer = async (
  version: CompiledModel,
  env: Env,
  subject: Subject,
  longestMs: number | undefined,
): Promise<number> => {
  const { runs, timeoutMs = DEFAULT_TIMEOUT_MS } = version;
  const reason = changedSet(version);
  if (reason !== undefined || !isRemote(runs)) throw new PredictionError("missing_model", reason ?? "not on a server");
  const breaker = breakerOf(version);
  if (!breaker.admits(Date.now())) throw new PredictionError("open", "the latest requests to the server have failed");
  try {
    const input = inputOf(version, subject);
    const value = await measureWait("model", () => callServer({ ...version, runs }, env, input, longestMs));
    breaker.succeed();
    return value;
  } catch (error) {
    // A server that had less than its own time has not failed.
    const isCutShort = error instanceof PredictionError && error.failure === "timeout" && Number(longestMs) < timeoutMs;
    if (!isCutShort) breaker.fail(Date.now());
    throw error;
  }
};

/**
 * The outcome of any version. It never rejects.
 *
 * @param longestMs Limits the timeout of a server, in milliseconds. Default: no limit.
 */
export const predict = async (
  version: CompiledModel,
  tenant: Pick<Tenant, "models">,
  env: Env,
  subject: Subject,
  longestMs?: number,
): Promise<Outcome> => {
  const startedAt = Date.now();
  try {
    const value = isRemote(version.runs)
      ? await askServer(version, env, subject, longestMs)
      : predictionBy(version, await loadModel(version, env), subject);
    return { value, fallback: null, latency_ms: Date.now() - startedAt };
  } catch (error) {
    const outcome = outcomeOf(error, startedAt);
    const other = fallbackOf(version, tenant);
    return withFallback(version, tenant, subject, outcome, other && (await loadModel(other, env)));
  }
};
