import * as z from "zod";

const int64 = z.string().regex(/^\d{1,19}$/);
const value = z.union([z.strictObject({ stringValue: z.string() }), z.strictObject({ intValue: int64 })]);
const attributes = z
  .array(z.strictObject({ key: z.string().min(1), value }))
  .refine((all) => new Set(all.map(({ key }) => key)).size === all.length, "an attribute twice");
const spanId = z.string().regex(/^(?!0{16})[\da-f]{16}$/);
const span = z
  .strictObject({
    ...{ traceId: z.string().regex(/^(?!0{32})[\da-f]{32}$/), spanId, parentSpanId: spanId },
    ...{ name: z.string().min(1), kind: z.int().min(1).max(5), startTimeUnixNano: int64, endTimeUnixNano: int64 },
    ...{ attributes, status: z.strictObject({ code: z.int().min(1).max(2) }).optional() },
  })
  .refine(({ startTimeUnixNano: from, endTimeUnixNano: to }) => BigInt(from) <= BigInt(to), "an end before the start");

/** The body of a request to `/v1/traces`, after the definition of OpenTelemetry's protocol. */
const exportRequest = z.strictObject({
  resourceSpans: z
    .array(
      z.strictObject({
        resource: z.strictObject({ attributes }),
        scopeSpans: z
          .array(
            z.strictObject({
              scope: z.strictObject({ name: z.string(), version: z.string() }),
              spans: z.array(span).min(1),
            }),
          )
          .min(1),
      }),
    )
    .min(1),
});

export type ReceivedSpan = z.infer<typeof span>;

/** A receiver of OTLP/HTTP that accepts only spans in JSON of the protocol, each once. */
export class FakeTraces {
  readonly url = "https://otel.example/v1/traces";
  readonly headers: Headers[] = [];
  /** The numbers of spans in the requests. */
  readonly sizes: number[] = [];
  readonly spans: ReceivedSpan[] = [];
  readonly resources: unknown[] = [];
  readonly refusals: string[] = [];
  /** Responds in place of the receiver. */
  respond: (() => Response | Promise<Response>) | undefined;

  #refuse(problem: string): Response {
    this.refusals.push(problem);
    return Response.json({ code: 3, message: problem }, { status: 400 });
  }

  async handle(request: Request): Promise<Response> {
    this.headers.push(request.headers);
    if (this.respond) return this.respond();
    if (request.method !== "POST" || request.url !== this.url) return this.#refuse("path");
    if (request.headers.get("content-type") !== "application/json") return this.#refuse("content type");
    if (request.headers.get("content-encoding") !== "gzip" || !request.body) return this.#refuse("encoding");
    const text = await new Response(request.body.pipeThrough(new DecompressionStream("gzip"))).text();
    const { data, error } = exportRequest.safeParse(JSON.parse(text));
    if (!data) return this.#refuse(error.message);
    const added = data.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
    const ids = new Set([...this.spans, ...added].map((each) => each.spanId));
    if (ids.size !== this.spans.length + added.length) return this.#refuse("a span twice");
    this.resources.push(...data.resourceSpans.map(({ resource }) => resource.attributes));
    this.spans.push(...added);
    this.sizes.push(added.length);
    return Response.json({ partialSuccess: {} });
  }

  /** The span of a trace with a name. */
  find(traceId: string, name: string): ReceivedSpan | undefined {
    return this.spans.find((each) => each.traceId === traceId && each.name === name);
  }
}
