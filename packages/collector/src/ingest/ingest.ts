import { type BatchResponse, batch, type Envelope, type ReceivedBatch, type SdkReport } from "@tidemark/schema";
import { CONTRACT_VERSION } from "@tidemark/schema/limits";
import { isAnonymousIdOf } from "../access/anonymous-ids.ts";
import { measurementRejection } from "../access/consent.ts";
import { isSessionIdOf } from "../access/session-ids.ts";
import { isUserToken } from "../access/user-token.ts";
import type { Site } from "../config.ts";
import { type Env, sessionOf } from "../env.ts";
import { HttpError, toHttpError } from "../errors.ts";
import type { Meter } from "../metrics/meter.ts";
import { callObject, measureWait } from "../metrics/waits.ts";
import { type BatchTrace, traceBatch } from "../otlp/batch-trace.ts";
import { countPrediction } from "../predictions/count-prediction.ts";
import type { StoredEnvelope } from "../records/event-contexts.ts";
import { BATCH_VERSION, type BatchFailure, type BatchResult, type SessionBatch } from "../session/batch.ts";
import { countGoal } from "../session/count-goal.ts";
import { countStep } from "../session/count-step.ts";
import type { Tenant } from "../tenants.ts";
import { compileCheck } from "../wire/compile-check.ts";
import { explain } from "../wire/explain.ts";
import { parseJson } from "../wire/parse-json.ts";
import { readEvents, type SplitBatch, splitParsed, splitUnparsed } from "../wire/split.ts";
import { browserLabel, fieldLabel, releaseLabel } from "./label-values.ts";
import type { LimitedClient, Limits } from "./limits.ts";

const keyOf = (body: unknown): string => {
  const key = (body as { key?: unknown } | null)?.key;
  if (typeof key !== "string")
    throw new HttpError("unknown_key", "key is missing: expected the site's public key, as in tidemark.config.ts.");
  return key;
};

const isBatch = compileCheck(batch);

const batchOf = (body: unknown): ReceivedBatch => {
  if (isBatch(body)) return body as ReceivedBatch;
  const parsed = batch.safeParse(body);
  if (parsed.success) return parsed.data;
  const { message } = explain(parsed.error, body);
  throw new HttpError("invalid_batch", `${message} (contract version ${CONTRACT_VERSION}).`);
};

/** The outcome of a batch in its session, or the reason for which the session stored nothing. */
const sendToSession = async (
  env: Env,
  tenant: Tenant,
  sessionId: string,
  sessionBatch: SessionBatch,
  trace: BatchTrace | undefined,
): Promise<BatchResult | BatchFailure> => {
  const session = sessionOf(env, tenant, sessionId);
  const isFailure = (result: BatchResult | BatchFailure) => result === "unavailable";
  // The runtime's types turn the pairs in a result into lists of any length.
  const call = async () => (await session.ingest(sessionBatch)) as BatchResult | BatchFailure;
  const from = Date.now();
  let isError = true;
  try {
    const result = await callObject("Session", () => measureWait("session", call, isFailure), isFailure);
    isError = isFailure(result);
    return result;
  } finally {
    trace?.endCall(from, isError);
  }
};

/** A request without its body. */
interface RequestContext extends LimitedClient {
  /** Returns the site of a public key, for the request's origin. @throws HttpError */
  tenantOf: (key: string) => Tenant;
  /** Whether the browser sends Global Privacy Control. */
  gpc: boolean;
  /** Returns the browser's id: from the site's cookie, or else from the batch. */
  anonymousIdOf: (tenant: Tenant, envelope: Envelope) => string;
  /** The `User-Agent` of the request. */
  userAgent: string | undefined;
  /** UTC milliseconds by the collector's clock. */
  receivedAt: number;
  /** Size of the body as received. */
  bytes: number;
  meter: Meter;
  limits: Limits;
  /** Continues work after the response. */
  waitUntil(work: Promise<unknown>): void;
}

/** Counts a batch that was read, with the number of its events. */
const countReceived = ({ meter, bytes }: RequestContext, site: string, release: string, amount: number): void => {
  meter.count("tidemark_request_bytes_total", { site }, bytes);
  meter.count("tidemark_events_received_total", { site }, amount);
  meter.count("tidemark_sdk_events_total", { site, release }, amount);
};

/** Counts what the SDK reports about itself. */
const countReport = (
  { meter, userAgent }: RequestContext,
  site: string,
  release: string,
  { script_ms, errors, storage_errors }: SdkReport,
): void => {
  const labels = { site, release, browser: browserLabel(userAgent) };
  meter.observe("tidemark_sdk_script_seconds", labels, script_ms / 1_000);
  meter.count("tidemark_sdk_errors_total", labels, errors);
  meter.count("tidemark_sdk_storage_errors_total", labels, storage_errors);
};

/** Counts the events of a batch by outcome. */
const countBatch = (
  context: RequestContext,
  { id: site }: Site,
  { sdk, traffic }: Pick<Envelope, "sdk" | "traffic">,
  result: BatchResult,
): void => {
  const release = releaseLabel(sdk);
  const { response, dropped, missing_change, not_fed = {}, late = {}, has_begun, measured } = result;
  const { reached = [], predicted = [], reacted = [] } = result;
  const { accepted, duplicates, rejected } = response;
  const { meter } = context;
  countReceived(context, site, release, accepted + duplicates + rejected.length);
  meter.count("tidemark_events_accepted_total", { site }, accepted);
  meter.count("tidemark_events_duplicate_total", { site }, duplicates);
  for (const { code, path } of rejected)
    meter.count("tidemark_events_rejected_total", { site, code, field: fieldLabel(path), release }, 1);
  for (const [cause, amount] of Object.entries(late))
    meter.count("tidemark_events_late_total", { site, cause }, amount);
  for (const [reason, amount] of Object.entries(dropped))
    meter.count("tidemark_events_dropped_total", { site, reason }, amount);
  for (const [entity, amount] of Object.entries(not_fed))
    meter.count("tidemark_events_not_fed_total", { site, entity }, amount);
  meter.count("tidemark_events_missing", { site }, missing_change);
  if (has_begun && !traffic) meter.count("tidemark_sessions_total", { site }, 1);
  for (const goal of reached) countGoal(meter, site, goal);
  for (const prediction of predicted) countPrediction(meter, site, prediction);
  for (const step of reacted) countStep(meter, site, step);
  if (measured) meter.add(measured);
};

/** Parses and checks a whole batch, and splits it. @throws HttpError that describes the first violation. */
const parseAndSplit = (body: string, { tenantOf }: RequestContext): SplitBatch => {
  const value = parseJson(body);
  tenantOf(keyOf(value));
  return splitParsed(body, batchOf(value));
};

/**
 * The parts of a batch for its session: the envelope is without its secret, its token, its report about the SDK, its reactions
 * and its trace, which are stored nowhere. If the site requires tokens, the envelope states whether its user is vouched for.
 */
const sessionParts = async (
  env: Env,
  { site }: Tenant,
  { envelope, text }: SplitBatch,
): Promise<Omit<SessionBatch, "site" | "anonymous_id" | "received_at">> => {
  const { session_secret, user_token, sdk_report, reactions_received, reactions_unknown, traceparent, ...others } =
    envelope;
  const removed = [session_secret, user_token, sdk_report, reactions_received, reactions_unknown, traceparent];
  if (removed.every((field) => field === undefined) && !site.requireUserToken) return text;
  const sent: StoredEnvelope = others;
  if (site.requireUserToken) sent.vouched = await isUserToken(env, site, sent.user_id ?? "", user_token);
  return {
    ...{ ...text, envelope: JSON.stringify(sent), session_secret },
    ...(reactions_received && { reactions_received }),
    ...(reactions_unknown && { reactions_unknown }),
  };
};

/** Checks the envelope of an admitted batch, and sends the batch to its session, as {@link ingestSplit} does. */
const ingestAdmitted = async (
  { envelope, text }: SplitBatch,
  tenant: Tenant,
  context: RequestContext,
  trace: BatchTrace | undefined,
): Promise<BatchResponse | undefined> => {
  const { gpc, anonymousIdOf, receivedAt, env, meter, limits, waitUntil } = context;
  const { session_id, consent, sdk } = envelope;
  const { site } = tenant;
  const release = releaseLabel(sdk);
  if (!isSessionIdOf(site, session_id)) {
    throw new HttpError("foreign_session", `session_id: ${session_id} is not a session of site ${site.id}.`);
  }

  const rejection = measurementRejection(site, consent, gpc);
  if (rejection) {
    const rejected = readEvents(text.events)?.length ?? 0;
    countReceived(context, site.id, release, rejected);
    const labels = { site: site.id, code: "no_consent", field: "consent", release };
    meter.count("tidemark_events_rejected_total", labels, rejected);
    throw new HttpError("no_consent", rejection);
  }

  const anonymous_id = anonymousIdOf(tenant, envelope);
  if (!isAnonymousIdOf(site, anonymous_id)) {
    const message = `anonymous_id: expected three numbers such as 1-2-3, because site ${site.id} requires user tokens.`;
    throw new HttpError("invalid_batch", message);
  }

  const sessionRejection = limits.sessionRejection(tenant, context);
  const sessionBatch: SessionBatch = {
    version: BATCH_VERSION,
    site: site.id,
    anonymous_id,
    received_at: receivedAt,
    may_begin: sessionRejection === undefined,
    ...(await sessionParts(env, tenant, { envelope, text })),
    ...(trace && { traceparent: trace.traceparent }),
  };
  const result = await sendToSession(env, tenant, session_id, sessionBatch, trace);
  if (result === "unparsed") return undefined;
  if (result === "unavailable")
    throw new HttpError("unavailable", "The session could not store the batch. Nothing was stored; send it again.");
  if (result === "not_begun") throw sessionRejection ?? new Error("the session may begin");
  countBatch(context, site, envelope, result);
  // A batch that is sent again has no new event.
  if (envelope.sdk_report && result.response.accepted > 0) countReport(context, site.id, release, envelope.sdk_report);
  waitUntil(limits.count(tenant, context, result));
  return result.response;
};

/**
 * Checks a batch's envelope and sends the batch to its session. Returns `undefined` when the session could not parse
 * the events. A batch that the limits do not admit has no spans.
 */
const ingestSplit = async (split: SplitBatch, context: RequestContext): Promise<BatchResponse | undefined> => {
  const { key, traceparent } = split.envelope;
  const tenant = context.tenantOf(key);
  await context.limits.admit(tenant, context);
  if (traceparent === undefined) return ingestAdmitted(split, tenant, context, undefined);
  const trace = traceBatch(traceparent, tenant.site.id, context.receivedAt);
  try {
    const response = await ingestAdmitted(split, tenant, context, trace);
    if (response) trace.end(response);
    return response;
  } catch (thrown) {
    const error = toHttpError(thrown);
    trace.end(error);
    throw error;
  }
};

/**
 * Finds the tenant of a batch, checks its envelope, and sends it to its session, which validates each event. The
 * returned counts are durable.
 *
 * @throws HttpError for a batch that is rejected as a whole.
 */
export const ingest = async (body: string, context: RequestContext): Promise<BatchResponse> => {
  const unparsed = splitUnparsed(body);
  const response = unparsed && (await ingestSplit(unparsed, context));
  if (response) return response;
  // The events are not the last field, as other clients may write it, or the body is not a batch.
  const parsed = await ingestSplit(parseAndSplit(body, context), context);
  if (!parsed) throw new Error("the session could not parse events that conform to the contract");
  return parsed;
};
