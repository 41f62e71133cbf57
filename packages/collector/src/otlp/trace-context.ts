/** A place in a trace: the span under which further spans belong. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  traceId: string;
  /** 16 hexadecimal digits. */
  spanId: string;
  /** Whether the trace is recorded. Otherwise the collector makes no spans for it. */
  isSampled: boolean;
}

/** The trace context in a valid `traceparent`. */
export const traceContextIn = (traceparent: string): TraceContext => {
  const [, traceId = "", spanId = "", flags = ""] = traceparent.split("-");
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
};

/** Writes a trace context as `traceparent`. */
export const traceparentOf = ({ traceId, spanId, isSampled }: TraceContext): string =>
  `00-${traceId}-${spanId}-${isSampled ? "01" : "00"}`;

/** A random id of a span, which is not zero. */
const newSpanId = (): string => crypto.randomUUID().replaceAll("-", "").slice(0, 16);

/** The context of a new span under another one. */
export const childOf = (parent: TraceContext): TraceContext => ({ ...parent, spanId: newSpanId() });
