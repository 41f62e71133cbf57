import * as z from "zod";

const int64 = z.string().regex(/^\d{1,19}$/);
const attributes = z
  .array(z.strictObject({ key: z.string().min(1), value: z.strictObject({ stringValue: z.string() }) }))
  .refine((all) => new Set(all.map(({ key }) => key)).size === all.length, "an attribute twice");
const times = { attributes, startTimeUnixNano: int64, timeUnixNano: int64 };
const numberPoint = z.strictObject({ ...times, asDouble: z.number() });
const gaugePoint = z.strictObject({ attributes, timeUnixNano: int64, asDouble: z.number() });
const histogramPoint = z
  .strictObject({
    ...{ ...times, count: int64, sum: z.number(), bucketCounts: z.array(int64) },
    explicitBounds: z.array(z.number()),
  })
  .refine(({ bucketCounts, explicitBounds }) => bucketCounts.length === explicitBounds.length + 1, "buckets")
  .refine(({ explicitBounds: all }) => all.every((bound, i) => i === 0 || bound > (all[i - 1] ?? 0)), "bounds")
  .refine(
    ({ count, bucketCounts }) => BigInt(count) === bucketCounts.reduce((sum, each) => sum + BigInt(each), 0n),
    "count",
  );
const named = {
  name: z.string().regex(/^[a-z]\w{0,254}$/),
  description: z.string(),
  unit: z.string().min(1).optional(),
};
const temporality = { aggregationTemporality: z.literal(2) };
const metric = z.union([
  z.strictObject({
    ...named,
    sum: z.strictObject({ ...temporality, isMonotonic: z.literal(true), dataPoints: z.array(numberPoint).min(1) }),
  }),
  z.strictObject({ ...named, gauge: z.strictObject({ dataPoints: z.array(gaugePoint).min(1) }) }),
  z.strictObject({
    ...named,
    histogram: z.strictObject({ ...temporality, dataPoints: z.array(histogramPoint).min(1) }),
  }),
]);

/** The body of a request to `/v1/metrics`, after the definition of OpenTelemetry's protocol. */
const exportRequest = z.strictObject({
  resourceMetrics: z
    .array(
      z.strictObject({
        resource: z.strictObject({ attributes }),
        scopeMetrics: z
          .array(
            z.strictObject({
              scope: z.strictObject({ name: z.string(), version: z.string() }),
              metrics: z.array(metric).min(1),
            }),
          )
          .min(1),
      }),
    )
    .min(1),
});

type ExportRequest = z.infer<typeof exportRequest>;

/** A receiver of OTLP/HTTP that accepts only JSON of the protocol, and no cumulative value that falls or has another start. */
export class FakeOtlp {
  readonly url = "https://otel.example/v1/metrics";
  readonly headers: Headers[] = [];
  readonly bodies: ExportRequest[] = [];
  readonly refusals: string[] = [];
  /** The latest values by series. */
  readonly values = new Map<string, number>();
  readonly #starts = new Map<string, string>();
  /** Responds in place of the receiver. */
  respond: (() => Response) | undefined;

  #refuse(problem: string): Response {
    this.refusals.push(problem);
    return Response.json({ code: 3, message: problem }, { status: 400 });
  }

  async handle(request: Request): Promise<Response> {
    this.headers.push(request.headers);
    if (this.respond) return this.respond();
    if (request.method !== "POST" || new URL(request.url).pathname !== "/v1/metrics") return this.#refuse("path");
    if (request.headers.get("content-type") !== "application/json") return this.#refuse("content type");
    if (request.headers.get("content-encoding") !== "gzip" || !request.body) return this.#refuse("encoding");
    const text = await new Response(request.body.pipeThrough(new DecompressionStream("gzip"))).text();
    const { data, error } = exportRequest.safeParse(JSON.parse(text));
    if (!data) return this.#refuse(error.message);
    for (const { scopeMetrics } of data.resourceMetrics)
      for (const { metrics } of scopeMetrics)
        for (const each of metrics) {
          const problem = this.#take(each);
          if (problem) return this.#refuse(`${each.name}: ${problem}`);
        }
    this.bodies.push(data);
    return Response.json({ partialSuccess: {} });
  }

  #take(each: z.infer<typeof metric>): string | undefined {
    const points =
      "sum" in each ? each.sum.dataPoints : "gauge" in each ? each.gauge.dataPoints : each.histogram.dataPoints;
    for (const point of points) {
      const labels = point.attributes.map(({ key, value }) => `${key}=${value.stringValue}`).sort();
      const series = `${each.name} ${labels}`;
      const value = "asDouble" in point ? point.asDouble : Number(point.count);
      if ("startTimeUnixNano" in point) {
        if (BigInt(point.startTimeUnixNano) > BigInt(point.timeUnixNano)) return "a start after the time";
        if ((this.#starts.get(series) ?? point.startTimeUnixNano) !== point.startTimeUnixNano) return "another start";
        if (value < (this.values.get(series) ?? 0)) return "a cumulative value that falls";
        this.#starts.set(series, point.startTimeUnixNano);
      }
      this.values.set(series, value);
    }
    return undefined;
  }
}
