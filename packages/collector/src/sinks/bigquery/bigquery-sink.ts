import { createHash } from "node:crypto";
import type { SinkCreation } from "../../define-sink.ts";
import { askTarget, jsonIn } from "../ask-target.ts";
import type { Attempt, Cut, Sink, SinkContext, SinkOutcome, SinkRecord } from "../sink.ts";
import { TargetError } from "../target-error.ts";
import { warehouseRows } from "../warehouse-row.ts";
import { AccessToken } from "./access-token.ts";
import { rowOutcomes } from "./row-errors.ts";
import type { BigQuerySettings } from "./settings.ts";

/** Largest cut. BigQuery advises 500 rows in a request. */
const LIMITS = { records: 500, bytes: 4_000_000 };

/** Largest request, in bytes: BigQuery accepts 10 MB. */
const MAX_REQUEST = 10_000_000;

/** Longest `insertId`, in characters. */
const MAX_INSERT_ID = 128;

/** Time after a request in which BigQuery recognises a repetition, in milliseconds. It promises none. */
const MEMORY_MS = 60_000;

/** Time until a quota may be free again, in milliseconds. */
const QUOTA_MS = 600_000;

const insertIdOf = (id: string): string =>
  id.length <= MAX_INSERT_ID ? id : createHash("sha256").update(id).digest("base64url");

const errorOf = ({
  status,
  text,
  afterMs,
}: {
  status: number;
  text: string;
  afterMs: number | undefined;
}): TargetError => {
  const { error } = (jsonIn(text) ?? {}) as { error?: { message?: unknown; errors?: { reason?: unknown }[] } };
  const reason = error?.errors?.[0]?.reason;
  const code = typeof reason === "string" ? reason : "";
  const parts = [code, error?.message].filter((part) => typeof part === "string" && part !== "");
  const message = [`BigQuery responded with status ${status}`, ...parts].join(": ");
  return new TargetError(message, status, code, afterMs ?? (code === "quotaExceeded" ? QUOTA_MS : undefined));
};

/** A row in JSON, or the reason for which the record has none. */
type Row = { index: number; text: string } | { index: number; refused: string };

/**
 * A sink that streams rows into a table of BigQuery by `tabledata.insertAll`.
 *
 * The record's id is the row's `insertId`, by which BigQuery drops most repetitions of the last minute.
 */
export const createBigQuerySink = (settings: BigQuerySettings, { features }: SinkCreation): Sink => {
  const { project, dataset, table, url = "https://bigquery.googleapis.com" } = settings;
  const path = [
    ["projects", project],
    ["datasets", dataset],
    ["tables", table],
  ]
    .flat()
    .map(encodeURIComponent);
  const address = `${url.replace(/\/$/, "")}/bigquery/v2/${path.join("/")}/insertAll`;
  const accessToken = new AccessToken(settings.credentialsSecret);
  const rowOf = warehouseRows(features);
  /** The latest cut, and the time of its first request without an answer. */
  let latest: { cut: string; unansweredAt: number | undefined } | undefined;

  const rowIn = ({ id, record }: SinkRecord, index: number): Row => {
    try {
      const text = JSON.stringify({ insertId: insertIdOf(id), json: rowOf(record) });
      const isSmall = Buffer.byteLength(text) + 200 <= MAX_REQUEST;
      return isSmall ? { index, text } : { index, refused: "the row is larger than a request of BigQuery" };
    } catch (error) {
      return { index, refused: (error as Error).message };
    }
  };

  const insert = async (rows: readonly string[], { env, signal }: SinkContext): Promise<SinkOutcome[]> => {
    const token = await accessToken.get(env, signal);
    const response = await askTarget("BigQuery", address, {
      ...{ method: "POST", signal },
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: `{"skipInvalidRows":false,"ignoreUnknownValues":false,"rows":[${rows.join(",")}]}`,
    });
    if (response.status === 200) {
      const body = jsonIn(response.text);
      if (typeof body !== "object" || body === null) throw new TargetError("BigQuery's response is not JSON");
      return rowOutcomes(body, rows.length);
    }
    if (response.status === 401) accessToken.forget();
    throw errorOf(response);
  };

  /** Whether BigQuery may have forgotten an earlier request with the rows of the cut. */
  const isRepetition = (cut: Cut, now: number): boolean => {
    // The cut may have been sent before a restart.
    const first = latest?.cut === cut.id ? latest.unansweredAt : cut.at;
    return first !== undefined && now - first > MEMORY_MS;
  };

  return {
    limits: LIMITS,
    async attempt(cut, _, context): Promise<Attempt<unknown>> {
      const rows = cut.pending.map((index) => rowIn(cut.records[index] as SinkRecord, index));
      const sent: { index: number; text: string }[] = [];
      const outcomes = new Map<number, SinkOutcome>();
      let bytes = 100;
      for (const row of rows) {
        if ("refused" in row) outcomes.set(row.index, { type: "refused", reason: row.refused });
        else {
          bytes += Buffer.byteLength(row.text) + 1;
          if (bytes <= MAX_REQUEST) sent.push(row);
          else outcomes.set(row.index, { type: "retry", reason: "the request is full", afterMs: 0 });
        }
      }
      const startedAt = Date.now();
      const mayRepeat = isRepetition(cut, startedAt);
      if (latest?.cut !== cut.id) latest = { cut: cut.id, unansweredAt: mayRepeat ? cut.at : undefined };
      try {
        const ofRows =
          sent.length > 0
            ? await insert(
                sent.map(({ text }) => text),
                context,
              )
            : [];
        for (const [place, { index }] of sent.entries()) outcomes.set(index, ofRows[place] as SinkOutcome);
      } catch (error) {
        const { message, status, afterMs } = error as TargetError;
        // After any other status no row is inserted.
        if (status === 0 || status >= 500) latest.unansweredAt ??= startedAt;
        for (const { index } of sent)
          outcomes.set(index, { type: "retry", reason: message, ...(afterMs === undefined ? {} : { afterMs }) });
      }
      const all = cut.pending.map((index) => outcomes.get(index) as SinkOutcome);
      return { outcomes: all, uncertain: mayRepeat ? all.filter(({ type }) => type === "delivered").length : 0 };
    },
  };
};
