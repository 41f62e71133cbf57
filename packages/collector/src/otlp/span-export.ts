import type { OtlpSettings } from "../config.ts";
import { meter } from "../metrics/isolate-meter.ts";
import { jsonOf } from "../target-response.ts";
import { headersOf } from "./headers.ts";
import { backoffMs, type Failure, isFailure, postJson } from "./post.ts";
import { type Span, tracesBody } from "./span.ts";

/** Most spans that wait in an isolate, and that one request has: about 300 KB of JSON. */
const MAX_SPANS = 500;

/** Time in which spans are collected for one request, in milliseconds. So an isolate sends at most one request in it. */
const COLLECT_MS = 1_000;

/** Time in which the receiver has to respond, in milliseconds. */
const RESPOND_WITHIN_MS = 8_000;

/** Time for which one flush sends one request after another, in milliseconds. The runtime allows work after a response for 30 s. */
const FLUSH_MS = 15_000;

/**
 * Spans of this isolate that wait to be pushed. They serve diagnosis: a span may be lost, but no response waits for one, and no
 * number of traced batches grows what waits or how often it is sent.
 */
export interface SpanExport {
  /** Adds a span. Beyond the most that may wait, it is dropped and counted. */
  add(span: Span): void;
  /**
   * Pushes the spans that wait, if the deployment has a receiver of spans and no other flush is under way. After a failure it
   * waits as long as the receiver asks, or 10 seconds, which double up to 5 minutes.
   *
   * @returns A promise for `waitUntil`, which does not reject; `undefined` when there is nothing to do now.
   */
  flush(settings: OtlpSettings | undefined, env: object): Promise<void> | undefined;
}

const countSpans = (outcome: "pushed" | "refused" | "dropped", amount: number): void =>
  meter.count("tidemark_spans_total", { outcome }, amount);

/** The number of spans that the receiver has refused, by its response; the others are stored. */
const refusedIn = (text: string): number => {
  const { partialSuccess } = (jsonOf(text) ?? {}) as {
    partialSuccess?: { rejectedSpans?: unknown; errorMessage?: unknown } | null;
  };
  const { rejectedSpans = 0, errorMessage = "" } = partialSuccess ?? {};
  const refused = Math.max(0, Number(rejectedSpans) || 0);
  if (refused > 0 || errorMessage !== "")
    console.warn(`the receiver of OTLP refused ${refused} spans: ${String(errorMessage).slice(0, 200)}`);
  return refused;
};

/** Creates an export without spans. */
export const createSpanExport = (): SpanExport => {
  let waiting: Span[] = [];
  let failures = 0;
  let pausedUntil = 0;
  /** Time at which the step of a flush began that is under way; of none, in the infinite past. */
  let busySince = Number.NEGATIVE_INFINITY;

  const isPaused = () => {
    const left = pausedUntil - Date.now();
    // A longer wait is that of a clock that was set back.
    return left > 0 && left <= backoffMs(Number.POSITIVE_INFINITY);
  };

  const send = async (
    url: string,
    settings: OtlpSettings,
    env: object,
    spans: Span[],
  ): Promise<Failure | undefined> => {
    const headers = headersOf(settings, env);
    if (isFailure(headers)) return headers;
    const signal = AbortSignal.timeout(RESPOND_WITHIN_MS);
    const result = await postJson(url, headers, tracesBody(spans), signal);
    if (isFailure(result)) return result;
    const refused = Math.min(spans.length, refusedIn(result.text));
    countSpans("refused", refused);
    countSpans("pushed", spans.length - refused);
    return undefined;
  };

  const onFailure = ({ reason, isRepeatable, afterMs }: Failure, spans: Span[]) => {
    failures += 1;
    const wait = Math.min(Math.max(afterMs ?? 0, backoffMs(failures)), backoffMs(Number.POSITIVE_INFINITY));
    pausedUntil = Date.now() + wait;
    if (isRepeatable) {
      const all = [...spans, ...waiting];
      waiting = all.slice(0, MAX_SPANS);
      countSpans("dropped", all.length - waiting.length);
    } else countSpans("refused", spans.length);
    console.error(`spans could not be pushed by OTLP; the next push is in ${Math.round(wait / 1_000)} s: ${reason}`);
  };

  const flushAll = async (url: string, settings: OtlpSettings, env: object): Promise<void> => {
    const until = Date.now() + FLUSH_MS;
    try {
      while (waiting.length > 0 && !isPaused() && Date.now() < until) {
        busySince = Date.now();
        await scheduler.wait(COLLECT_MS);
        const spans = waiting;
        waiting = [];
        const failure = await send(url, settings, env, spans);
        if (failure) onFailure(failure, spans);
        else failures = 0;
      }
    } catch (error) {
      console.error("spans could not be pushed by OTLP", error);
    } finally {
      busySince = Number.NEGATIVE_INFINITY;
    }
  };

  return {
    add(span) {
      if (waiting.length < MAX_SPANS) waiting.push(span);
      else countSpans("dropped", 1);
    },
    flush(settings, env) {
      // Without a receiver, nothing is kept.
      if (!settings?.tracesUrl) waiting = [];
      // The runtime may end a flush before its wait ends. One that takes too long is therefore replaced.
      const isBusy = Math.abs(Date.now() - busySince) < COLLECT_MS + 2 * RESPOND_WITHIN_MS;
      if (!settings?.tracesUrl || waiting.length === 0 || isBusy || isPaused()) return undefined;
      return flushAll(settings.tracesUrl, settings, env);
    },
  };
};

/** The spans of this isolate. The Worker and its Durable Objects may share it. */
export const spans = createSpanExport();
