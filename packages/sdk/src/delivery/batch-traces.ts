import { TRACEPARENT } from "@tidemark/schema/keys";
import type { SignalContext } from "../events/signal.ts";
import { crypto, Math, Uint32Array } from "../platform.ts";
import type { Stop } from "../sensors/listen.ts";

/** Options of {@link batchTraces}. */
export interface BatchTraceOptions {
  /** Share of the batches that begin a trace, from 0 to 1. Default: 0. */
  share?: number;
  /**
   * Returns the trace context of the page's own tracer, as W3C's `traceparent`, in place of new traces. It is called for each batch.
   * A batch is traced if the context is sampled, and of version 00. Default: new traces, by `share`.
   */
  traceparent?: () => string | undefined;
}

/** A new trace context that is sampled: 32 digits of a trace and 16 of a span. */
const newTraceparent = () => {
  const digits = [...crypto.getRandomValues(new Uint32Array(6))]
    .map((number) => number.toString(16).padStart(8, "0"))
    .join("");
  return `00-${digits.slice(0, 32)}-${digits.slice(32)}-01`;
};

/** Whether a trace context is recorded: the last bit of its flags is set. */
const isSampled = (traceparent: string) => TRACEPARENT.test(traceparent) && /[13579bdf]$/.test(traceparent);

/**
 * Gives a share of the batches a trace context, by which a tracer of OpenTelemetry follows them through the collector; for the
 * option `signals` of {@link createTracker}. It captures nothing. A batch that is sent again keeps its trace.
 */
export const batchTraces =
  ({ share = 0, traceparent }: BatchTraceOptions = {}) =>
  ({ on }: Pick<SignalContext, "on">): Stop =>
    on("sent", (batch) => {
      if ("traceparent" in batch) return;
      // It stays without a trace if the page's function throws.
      batch.traceparent = undefined;
      const given = traceparent ? `${traceparent()}` : Math.random() < share && newTraceparent();
      if (given && isSampled(given)) batch.traceparent = given;
    });
