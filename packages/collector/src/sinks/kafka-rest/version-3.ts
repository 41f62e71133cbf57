import { base64Of, errorOutcome, NO_RESULT, type ProxyApi } from "./proxy-api.ts";
import { splitObjects } from "./split-objects.ts";

/** The code of a record that is stored. */
const STORED = 200;

/** The report on a record. */
interface Report {
  error_code?: number;
  message?: string;
  offset?: number;
}

const bytes = (text: string) => ({ type: "BINARY", data: base64Of(text) });

/** REST Proxy of Confluent, version 3: a stream of records, and a stream of reports in the same order. */
export const confluentVersion3 = (cluster: string, topic: string): ProxyApi => ({
  path: `/v3/clusters/${cluster}/topics/${topic}/records`,
  headers: { "content-type": "application/json", accept: "application/json" },
  body: (records, at) =>
    records
      .map(({ key, value, headers }) =>
        JSON.stringify({
          headers: headers.map(([name, text]) => ({ name, value: base64Of(text) })),
          key: bytes(key),
          value: bytes(value),
          timestamp: new Date(at).toISOString(),
        }),
      )
      .join("\n"),
  outcomes(text, count) {
    const reports = splitObjects(text) as Report[];
    // An error of the whole request is one report without a record.
    if (reports.length === 0 || (reports.length === 1 && count > 1 && reports[0]?.error_code !== STORED))
      return undefined;
    return Array.from({ length: count }, (_, index) => {
      const report = reports[index];
      if (report?.error_code === undefined) return NO_RESULT;
      if (report.error_code !== STORED) return errorOutcome(report.error_code, report.message);
      return typeof report.offset === "number" ? { type: "delivered" } : NO_RESULT;
    });
  },
});
