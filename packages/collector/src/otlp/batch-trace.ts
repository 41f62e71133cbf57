import type { BatchResponse } from "@tidemark/schema";
import { HttpError } from "../errors.ts";
import type { Span } from "./span.ts";
import { spans } from "./span-export.ts";
import { childOf, type TraceContext, traceContextIn, traceparentOf } from "./trace-context.ts";

/** The part of a sentence in the Worker's log that names a trace; empty without one. */
export const traceNote = (traceparent: string | undefined): string =>
  traceparent === undefined ? "" : ` (trace ${traceContextIn(traceparent).traceId})`;

/** Adds a span, if its trace is recorded. */
const addSpan = (span: Span): void => {
  if (span.context.isSampled) spans.add(span);
};

/** Spans of one request with a batch: of the request, and of the call of the session. */
export interface BatchTrace {
  /** The trace context for the session: its spans belong under that of the call. */
  readonly traceparent: string;
  /** Ends the call of the session. @param from Its begin, in UTC milliseconds. */
  endCall(from: number, isError: boolean): void;
  /** Adds the spans, for the response or error of the request, and logs an error that is the collector's. */
  end(result: BatchResponse | HttpError): void;
}

/**
 * Begins the trace of a batch.
 *
 * @param receivedAt Begin of the request, in UTC milliseconds.
 */
export const traceBatch = (traceparent: string, site: string, receivedAt: number): BatchTrace => {
  const parent = traceContextIn(traceparent);
  const request = childOf(parent);
  const call = childOf(request);
  let callSpan: Span | undefined;
  return {
    traceparent: traceparentOf(call),
    endCall(from, isError) {
      callSpan = {
        ...{ context: call, parent: request, name: "session", kind: "client", from, to: Date.now(), isError },
        attributes: { "tidemark.site": site },
      };
    },
    end(result) {
      const failed = result instanceof HttpError;
      const status = failed ? result.status : 200;
      const isError = status >= 500;
      if (failed && isError) console.error(`a batch failed with ${result.code}${traceNote(traceparent)}`);
      if (callSpan) addSpan(callSpan);
      addSpan({
        ...{
          context: request,
          parent,
          name: "POST /v1/events",
          kind: "server",
          from: receivedAt,
          to: Date.now(),
          isError,
        },
        attributes: {
          ...{ "http.request.method": "POST", "http.route": "/v1/events", "http.response.status_code": status },
          "tidemark.site": site,
          ...(failed
            ? { "error.type": result.code }
            : {
                "tidemark.events.accepted": result.accepted,
                "tidemark.events.duplicate": result.duplicates,
                "tidemark.events.rejected": result.rejected.length,
              }),
        },
      });
    },
  };
};

/** Adds the spans of one request with pushes of a session, one for each batch in them. */
export const tracePush = (traceparents: readonly string[], site: string, from: number, isError: boolean): void => {
  for (const traceparent of traceparents) {
    const parent: TraceContext = traceContextIn(traceparent);
    addSpan({
      ...{ context: childOf(parent), parent, name: "push", kind: "client", from, to: Date.now(), isError },
      attributes: { "tidemark.site": site },
    });
  }
};
