/** A model file, read in the Worker: its content, as the configuration imports it, or its key in the bucket of the log. */
export interface EmbeddedRun {
  type: "embedded";
  /** Content of the file; absent for a file in the bucket. */
  file?: unknown;
  /** Key in the bucket with the binding `LOG`, such as `models/purchase-1.json`. */
  key?: string;
}

/** The settings of every server of models. */
interface ServerRun {
  /** Address of the server, without the path of a model. Of `http`, the whole address. */
  url: string;
  /** Name of the secret (environment variable) that contains the server's bearer token. Default: no token. */
  tokenSecret?: string;
  /** Number that is sent for a missing value. Default: `null` is sent. */
  missing?: number;
}

/** A server of the Open Inference Protocol V2, such as KServe, MLServer (Seldon Core) or Triton. */
export interface KserveV2Run extends ServerRun {
  type: "kserve_v2";
  /** Name of the model on the server. */
  model: string;
  /** Version of the model on the server. Default: the server's. */
  version?: string;
  /** Name of the one tensor that has all values. Default: a tensor for each feature, under the feature's name. */
  input?: string;
  /** Name of the output with the prediction. Default: the first output. */
  output?: string;
}

/** A server of KServe's protocol V1. */
export interface KserveV1Run extends ServerRun {
  type: "kserve_v1";
  /** Name of the model on the server. */
  model: string;
}

/** Any server with JSON over HTTP. */
export interface HttpRun extends ServerRun {
  type: "http";
  /**
   * Body of the request. The texts `$features` (an object), `$values` (an array in the order of the set), `$entity` and `$id`
   * in it stand for these parts. Default: `{"entity": "$entity", "id": "$id", "features": "$features"}`.
   */
  request?: unknown;
  /** Path of the prediction in the response, such as `predictions.0.score`. */
  response: string;
}

/** A model on a server. */
export type RemoteRun = KserveV2Run | KserveV1Run | HttpRun;

/** The place where a model runs. */
export type ModelRun = EmbeddedRun | RemoteRun;

/**
 * One version of a model: it computes one number from the vector of a feature set. Of the versions with one name exactly one
 * is primary, which means neither `shadow` nor `canary`.
 */
export interface Model {
  /** In snake_case, at most 64 characters. */
  name: string;
  /** From 1 on. */
  version: number;
  /** The feature set that is its input, with its version: `purchase_intent:1`. */
  set: string;
  /** Hash of the set with which the model was trained. With another hash the model does not run. Default: not compared. */
  setHash?: string;
  /** See {@link embedded}, {@link kserveV2}, {@link kserveV1} and {@link http}. */
  runs: ModelRun;
  /**
   * `on_demand`: when a reader asks for a prediction. `on_change`: also whenever a batch has changed a feature of the set; for
   * sets of sessions only. Default: `on_demand`.
   */
  when?: "on_demand" | "on_change";
  /** Time for a prediction by a server, with its repetition, in milliseconds, from 1 to 10,000. Default: 200. */
  timeoutMs?: number;
  /** Prediction in place of a failed one: a number, or the name of an embedded model. Default: none. */
  fallback?: number | string;
  /** Whether the version runs and is recorded, and never answers. Default: false. */
  shadow?: boolean;
  /** Share of entities for which the version answers in place of the primary one, above 0 and below 1. Default: none. */
  canary?: number;
}

/** Default of {@link Model.timeoutMs}, in milliseconds. */
export const DEFAULT_TIMEOUT_MS = 200;

/** Largest value of {@link Model.timeoutMs}, in milliseconds. */
const MAX_TIMEOUT_MS = 10_000;

/**
 * A model that runs in the Worker.
 *
 * @param file The content of a model file, as `import file from "./model.json"` reads it; or `{ key }` for a file in the
 * bucket with the binding `LOG`.
 */
export const embedded = (file: object): EmbeddedRun =>
  Object.keys(file).join() === "key"
    ? { type: "embedded", key: (file as { key: string }).key }
    : { type: "embedded", file };

/** A model on a server of the Open Inference Protocol V2: KServe, MLServer (Seldon Core) or Triton. */
export const kserveV2 = (run: Omit<KserveV2Run, "type">): KserveV2Run => ({ type: "kserve_v2", ...run });

/** A model on a server of KServe's protocol V1. */
export const kserveV1 = (run: Omit<KserveV1Run, "type">): KserveV1Run => ({ type: "kserve_v1", ...run });

/** A model on any server with JSON over HTTP. */
export const http = (run: Omit<HttpRun, "type">): HttpRun => ({ type: "http", ...run });

/** Name and version of a model: `purchase version 1`. */
export const modelTitle = ({ name, version }: Pick<Model, "name" | "version">): string => `${name} version ${version}`;

const NAME = /^[a-z][a-z0-9_]{0,63}$/;
const ENVIRONMENT_VARIABLE = /^[A-Z][A-Z0-9_]*$/;

const KEYS: Record<keyof Model, true> = {
  ...{ name: true, version: true, set: true, setHash: true, runs: true, when: true, timeoutMs: true },
  ...{ fallback: true, shadow: true, canary: true },
};

const SERVER_KEYS = { type: true, url: true, tokenSecret: true, missing: true } as const;
const RUN_KEYS: { [T in ModelRun["type"]]: Record<keyof Extract<ModelRun, { type: T }>, true> } = {
  embedded: { type: true, file: true, key: true },
  kserve_v2: { ...SERVER_KEYS, model: true, version: true, input: true, output: true },
  kserve_v1: { ...SERVER_KEYS, model: true },
  http: { ...SERVER_KEYS, request: true, response: true },
};

type Expect = (condition: boolean, field: string, expected: string, given: unknown) => void;

const isText = (value: unknown): boolean => typeof value === "string" && value !== "";

const checkServer = (run: RemoteRun, expect: Expect): void => {
  const { url, tokenSecret, missing } = run;
  const address = typeof url === "string" && /^https?:$/.test(URL.parse(url)?.protocol ?? "");
  expect(address, "runs.url", "an address that begins with https:// or http://", url);
  const hasPassword = address && URL.parse(url)?.password !== "";
  expect(!hasPassword, "runs.url", "an address without a password, with a bearer token in tokenSecret", "one");
  // The error does not quote the given value, which may be the secret itself.
  const isName = tokenSecret === undefined || ENVIRONMENT_VARIABLE.test(tokenSecret);
  expect(isName, "runs.tokenSecret", "the name of an environment variable, such as MODEL_TOKEN", "another text");
  expect(missing === undefined || Number.isFinite(missing), "runs.missing", "a number", missing);
  if (run.type === "http") expect(isText(run.response), "runs.response", "a path such as score", run.response);
  else expect(isText(run.model), "runs.model", "the name of the model on the server", run.model);
  if (run.type !== "kserve_v2") return;
  for (const field of ["version", "input", "output"] as const)
    expect(run[field] === undefined || isText(run[field]), `runs.${field}`, "a text", run[field]);
};

const checkRun = (run: ModelRun, expect: Expect): void => {
  const keys = RUN_KEYS[run?.type];
  expect(keys !== undefined, "runs", "the result of embedded, kserveV2, kserveV1 or http", run);
  const unknown = Object.keys(run).find((key) => !Object.hasOwn(keys, key));
  expect(unknown === undefined, "runs: unknown key", `one of ${Object.keys(keys).join(", ")}`, unknown);
  if (run.type !== "embedded") {
    checkServer(run, expect);
    return;
  }
  const isFile = run.key === undefined ? typeof run.file === "object" && run.file !== null : isText(run.key);
  expect(isFile, "runs", "the content of a model file, or its key in the bucket", run.key ?? run.file);
};

/**
 * Checks one version of a model and returns it unchanged. `defineConfig` compares it with the feature sets and the other
 * models.
 *
 *     const purchase = defineModel({
 *       name: "purchase",
 *       version: 1,
 *       set: "purchase_intent:1",
 *       runs: embedded(file),
 *     });
 *
 * @throws Error that names the model, the field, the given value and the expected value.
 */
export const defineModel = <const M extends Model>(model: M): M => {
  const { name, version, set, setHash, runs, when, timeoutMs, fallback, shadow, canary }: Model = model;
  const expect: Expect = (condition, field, expected, given) => {
    if (!condition)
      throw new Error(`model ${name}: ${field}: expected ${expected}; given ${JSON.stringify(given) ?? "nothing"}`);
  };
  expect(typeof name === "string" && NAME.test(name), "name", "a name in snake_case of at most 64 characters", name);
  // `predictions` of a response has a key for each model. In JavaScript each object has these keys already.
  expect(!(name in {}), "name", "no name of a property that all objects of JavaScript have", name);
  expect(Number.isSafeInteger(version) && version >= 1, "version", "a whole number from 1 on", version);
  const isSet = typeof set === "string" && /^[a-z][a-z0-9_]*:\d+$/.test(set);
  expect(isSet, "set", "name and version of a feature set, such as purchase_intent:1", set);
  const isHash = setHash === undefined || /^[0-9a-f]{12}$/.test(setHash);
  expect(isHash, "setHash", "the 12 hexadecimal digits of the set's hash", setHash);
  checkRun(runs, expect);
  expect([undefined, "on_demand", "on_change"].includes(when), "when", "on_demand or on_change", when);
  const isTime = Number.isInteger(timeoutMs) && Number(timeoutMs) >= 1 && Number(timeoutMs) <= MAX_TIMEOUT_MS;
  expect(timeoutMs === undefined || isTime, "timeoutMs", `whole milliseconds from 1 to ${MAX_TIMEOUT_MS}`, timeoutMs);
  const hasTime = timeoutMs === undefined || runs.type !== "embedded";
  expect(hasTime, "timeoutMs", "none for an embedded model, which cannot be late", timeoutMs);
  const isFallback = Number.isFinite(fallback) || (typeof fallback === "string" && NAME.test(fallback));
  expect(fallback === undefined || isFallback, "fallback", "a number, or the name of an embedded model", fallback);
  expect([undefined, true, false].includes(shadow), "shadow", "true or false", shadow);
  const isShare = typeof canary === "number" && canary > 0 && canary < 1;
  expect(canary === undefined || isShare, "canary", "a share above 0 and below 1", canary);
  expect(!shadow || canary === undefined, "canary", "none beside shadow: a shadow never answers", canary);
  const unknown = Object.keys(model).find((key) => !Object.hasOwn(KEYS, key));
  expect(unknown === undefined, "unknown key", `one of ${Object.keys(KEYS).join(", ")}`, unknown);
  return model;
};
