import { secretOf } from "../../access/keys.ts";
import { DEFAULT_TIMEOUT_MS, type ModelRun, type RemoteRun } from "../../define-model.ts";
import type { Env } from "../../env.ts";
import type { CompiledModel } from "../../tenants.ts";
import { PredictionError } from "../outcome.ts";
import { httpProtocol } from "./http.ts";
import { kserveV1Protocol } from "./kserve-v1.ts";
import { kserveV2Protocol } from "./kserve-v2.ts";
import type { ModelInput, ServerProtocol } from "./server-protocol.ts";

/** Largest response that is read, in bytes. */
const MAX_RESPONSE_BYTES = 65_536;

/** Number of characters of a response that an error quotes. */
const QUOTED = 200;

/** Statuses of proxies in front of a server that did not answer: the request may be repeated. */
const REPEATABLE = [502, 503, 504];

/** A failure after which the same request may succeed at once. */
class RepeatableError extends PredictionError {}

/** Whether a model runs on a server. */
export const isRemote = (run: ModelRun): run is RemoteRun => run.type !== "embedded";

const protocolOf = (run: RemoteRun): ServerProtocol<RemoteRun> => {
  const protocols = { kserve_v2: kserveV2Protocol, kserve_v1: kserveV1Protocol, http: httpProtocol };
  // The type of a run is that of its protocol.
  return protocols[run.type] as ServerProtocol<RemoteRun>;
};

const headersOf = ({ tokenSecret }: RemoteRun, env: Env): Record<string, string> => {
  if (tokenSecret === undefined) return {};
  const token = secretOf(env, tokenSecret);
  if (token === undefined) throw new PredictionError("error", `the secret ${tokenSecret} is not set`);
  return { authorization: `Bearer ${token}` };
};

const textOf = async (response: Response): Promise<string> => {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_RESPONSE_BYTES)
      throw new PredictionError("error", `the response is longer than ${MAX_RESPONSE_BYTES} bytes`);
  }
  return text;
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new PredictionError("error", `the response is not JSON: ${text.slice(0, QUOTED)}`);
  }
};

/** Sends a request once. @throws PredictionError */
const send = async (url: string, init: RequestInit): Promise<unknown> => {
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, { ...init, redirect: "manual" });
    text = await textOf(response);
  } catch (error) {
    if (error instanceof PredictionError) throw error;
    const { name, message } = error as Error;
    if (name === "TimeoutError") throw new PredictionError("timeout", "the server did not respond in time");
    throw new RepeatableError("error", `the server could not be reached: ${message}`);
  }
  const { status } = response;
  if (status === 200) return parsed(text);
  const Failed = REPEATABLE.includes(status) ? RepeatableError : PredictionError;
  throw new Failed("error", `the server responded with status ${status}: ${text.slice(0, QUOTED)}`);
};

/**
 * The prediction of a model on a server. A request that did not reach the model is repeated once. The model's timeout is for
 * both requests together.
 *
 * @param longestMs Limits the model's timeout, in milliseconds. Default: no limit.
 * @throws PredictionError
 */
export const callServer = async (
  { runs, timeoutMs = DEFAULT_TIMEOUT_MS }: CompiledModel & { runs: RemoteRun },
  env: Env,
  input: ModelInput,
  longestMs = Number.POSITIVE_INFINITY,
): Promise<number> => {
  const protocol = protocolOf(runs);
  const { url, body } = protocol.request(runs, input);
  const headers = { "content-type": "application/json", accept: "application/json", ...headersOf(runs, env) };
  const signal = AbortSignal.timeout(Math.max(0, Math.min(timeoutMs, longestMs)));
  const init = { method: "POST", headers, body: JSON.stringify(body), signal };
  const response = await send(url, init).catch((error) => {
    if (error instanceof RepeatableError) return send(url, init);
    throw error;
  });
  return protocol.predictionIn(runs, response);
};

/** Time for the response to a check of a server, in milliseconds. */
const HEALTH_MS = 1_000;

/**
 * Whether a model is ready on its server, by the status of the response alone: bodies differ between servers. `undefined` for a
 * server without such a check.
 */
export const isReady = async ({ runs }: CompiledModel, env: Env): Promise<boolean | undefined> => {
  const url = isRemote(runs) ? protocolOf(runs).healthUrl?.(runs) : undefined;
  if (url === undefined || !isRemote(runs)) return undefined;
  try {
    const signal = AbortSignal.timeout(HEALTH_MS);
    const response = await fetch(url, { headers: headersOf(runs, env), signal, redirect: "manual" });
    await response.body?.cancel();
    return response.status === 200;
  } catch {
    return false;
  }
};
