import { type Attribute, attribute, nanoseconds, resource, scope } from "./resource.ts";
import type { TraceContext } from "./trace-context.ts";

/** Numbers of OpenTelemetry for the kinds of spans: a request that was received, and one that was sent. */
const KINDS = { server: 2, client: 3 } as const;

/** Number of OpenTelemetry for a span that ended with an error. */
const STATUS_ERROR = 2;

/** A finished span. */
export interface Span {
  context: TraceContext;
  /** The span under which this one belongs: of the page, or of the collector. */
  parent: TraceContext;
  name: string;
  kind: keyof typeof KINDS;
  /** UTC milliseconds. */
  from: number;
  to: number;
  isError: boolean;
  attributes: Record<string, string | number>;
}

/** A span as OTLP writes it. */
interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: Attribute[];
  status?: { code: typeof STATUS_ERROR };
}

/** The body of a request to `/v1/traces`. */
export interface TracesBody {
  resourceSpans: [{ resource: typeof resource; scopeSpans: [{ scope: typeof scope; spans: OtlpSpan[] }] }];
}

const encode = ({ context, parent, name, kind, from, to, isError, attributes }: Span): OtlpSpan => ({
  ...{ traceId: context.traceId, spanId: context.spanId, parentSpanId: parent.spanId, name, kind: KINDS[kind] },
  startTimeUnixNano: nanoseconds(from),
  // The clock may have been set back meanwhile.
  endTimeUnixNano: nanoseconds(Math.max(from, to)),
  attributes: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
  ...(isError && { status: { code: STATUS_ERROR } }),
});

/**
 * Writes spans as a body of OTLP/HTTP in JSON.
 *
 * https://opentelemetry.io/docs/specs/otlp/
 */
export const tracesBody = (spans: readonly Span[]): TracesBody => ({
  resourceSpans: [{ resource, scopeSpans: [{ scope, spans: spans.map(encode) }] }],
});
