import type { Feature } from "@tidemark/schema";
import { type RecordKind, recordTable } from "@tidemark/schema/log";
import { secretOf } from "../access/keys.ts";
import type { SinkTarget } from "../config.ts";
import type { ExpectSetting } from "../settings/expect-setting.ts";
import { isWebhookUrl } from "../settings/setting-checks.ts";
import { retryAfterOf } from "../webhooks/retry.ts";
import { sendBySplitting, textOfIndexes } from "./send-by-splitting.ts";
import type { Cut, Sink, SinkContext, SinkOutcome, SinkRecord } from "./sink.ts";

/** A database of ClickHouse with the tables of `tidemark warehouse ddl clickhouse`. */
export interface ClickhouseSettings {
  /** Address of the HTTP interface, such as `https://clickhouse.example.com:8443`. `https:`, except on this machine. */
  url: string;
  /** Default: `tidemark_<site>`, with `_` in place of `-`. */
  database?: string;
  /** Name of the user. Default: `default`. */
  user?: string;
  /** Name of the secret (environment variable) that contains the user's password. */
  passwordSecret: string;
}

/** The tables by kind of their records. */
const TABLES: Partial<Record<RecordKind, string>> = {
  ...{ event: "event_files", vector: "vector_files", served_vector: "served_vector_files" },
};

/** Kinds of the records that have a table. */
const KINDS = Object.keys(TABLES) as RecordKind[];

/** Largest cut. ClickHouse writes a file of a table for each request. */
const LIMITS = { records: 10_000, bytes: 4_000_000 };

/** Largest number of characters of an error that are read. */
const MAX_ERROR_LENGTH = 16_384;

const KNOWN: Record<keyof ClickhouseSettings, true> = { url: true, database: true, user: true, passwordSecret: true };

const ENVIRONMENT_VARIABLE = /^[A-Z][A-Z0-9_]*$/;

/** Errors of a value that its column cannot hold, by code. A table that lacks a column is none of them. */
const ERRORS_OF_VALUES: ReadonlySet<number> = new Set([
  ...[6, 25, 26, 27, 38, 41, 53, 69, 70, 72, 117, 131, 321, 349, 376, 407, 467, 469, 632, 675, 676, 691],
]);

/** Code of a row that has a field without a column, or other wrong content. */
const INCORRECT_DATA = 117;

/** Errors that a change of the server's objects or rights ends, by code, with the remedy. */
const REMEDIES: Readonly<Record<number, string>> = {
  16: "run the statements of tidemark warehouse ddl clickhouse again",
  60: "run the statements of tidemark warehouse ddl clickhouse",
  81: "run the statements of tidemark warehouse ddl clickhouse, or correct the setting database",
  192: "correct the setting user",
  194: "correct the password in the secret",
  497: "grant the user INSERT on the table",
  516: "correct the setting user, or the password in the secret",
};

/** Checks the settings of a sink of ClickHouse. */
export const checkClickhouse = (settings: ClickhouseSettings, expect: ExpectSetting): void => {
  const { url, database = "d", user = "default", passwordSecret } = settings;
  const unknown = Object.keys(settings).find((field) => !Object.hasOwn(KNOWN, field));
  expect(unknown === undefined, unknown ?? "", `no fields but ${Object.keys(KNOWN).join(", ")}`, "this field");
  const address = "an address that begins with https://, without a user name, a password, parameters or a fragment";
  // The errors quote no value that may contain a password.
  expect(isWebhookUrl(url) && !/[?#]/.test(url), "url", address, "another value");
  const isName = typeof database === "string" && /^[A-Za-z_]\w{0,199}$/.test(database);
  expect(isName, "database", "a name of letters, digits and underscores", database);
  const isUser = typeof user === "string" && /^[\x21-\x7e]{1,200}$/.test(user);
  expect(isUser, "user", "the name of a user, without spaces", user);
  const isVariable = typeof passwordSecret === "string" && ENVIRONMENT_VARIABLE.test(passwordSecret);
  const variable = "the name of an environment variable, such as CLICKHOUSE_PASSWORD";
  expect(isVariable, "passwordSecret", variable, "another value");
};

const retry = (reason: string, afterMs?: number): SinkOutcome => ({
  ...{ type: "retry", reason },
  ...(afterMs ? { afterMs } : {}),
});

/** Reads the beginning of a text, which may be without end. */
const beginningOf = async ({ body }: Response): Promise<string> => {
  if (!body) return "";
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_ERROR_LENGTH) break;
  }
  return text;
};

/** The outcome of a request by its status and its error. The reason quotes no value of a record. */
const outcomeOf = async (response: Response, now: number): Promise<SinkOutcome> => {
  const { status, headers } = response;
  const header = headers.get("x-clickhouse-exception-code");
  if (status === 200 && header === null) {
    await response.body?.cancel();
    return { type: "delivered" };
  }
  const text = status >= 300 && status < 400 ? "" : await beginningOf(response);
  const code = Number(header ?? /^Code: (\d+)/.exec(text)?.[1] ?? Number.NaN);
  const afterMs = retryAfterOf(headers.get("retry-after"), now);
  if (Number.isNaN(code)) {
    const reason = `the response has status ${status}, and is not one of ClickHouse`;
    return status === 413 ? { type: "refused", reason } : retry(reason, afterMs);
  }
  const name = /\(([A-Z][A-Z0-9_]+)\)\s*$/.exec(text)?.[1];
  const missing = /nknown field found while parsing JSONEachRow format: ([\w.]{1,200})/.exec(text)?.[1];
  const column = missing ?? /while reading the value of key ([\w.]{1,200})/.exec(text)?.[1];
  const error = `ClickHouse responded with code ${code}${name ? ` (${name})` : ""}${column ? `, column ${column}` : ""}`;
  if (code === INCORRECT_DATA && missing !== undefined) return retry(`${error}: ${REMEDIES[16]}`, afterMs);
  if (ERRORS_OF_VALUES.has(code)) return { type: "refused", reason: error };
  const remedy = REMEDIES[code];
  return retry(remedy ? `${error}: ${remedy}` : error, afterMs);
};

/** The records of a cut, as rows in JSON by index, or the reason for which no row can hold one. */
const rowsOf = (features: readonly Feature[]) => {
  const tables = new Map(KINDS.map((kind) => [kind, recordTable(kind, features)]));
  return ({ record }: SinkRecord): { line: string } | { reason: string } => {
    const table = tables.get(record.kind);
    if (!table) return { reason: `no table has records of the kind ${record.kind}` };
    const row: Record<string, unknown> = {};
    try {
      table.putValues(record, ({ name, type }, value) => {
        row[name] = type === "timestamp" ? new Date(value as number).toISOString() : value;
      });
      return { line: JSON.stringify(row) };
    } catch (error) {
      return { reason: (error as Error).message };
    }
  };
};

/**
 * The sink of ClickHouse. It inserts the rows of the log into the tables of `tidemark warehouse ddl clickhouse`, which keep one
 * of equal rows. A request has the cut's id as `insert_deduplication_token`: a table with a deduplication window drops a
 * repetition before materialised views see it.
 *
 * @param features The features of the site, whose values are columns of vectors.
 */
export const createClickhouseSink = (settings: ClickhouseSettings, features: readonly Feature[]): Sink => {
  const rowOf = rowsOf(features);

  const insert = async (
    { id, site, signal, password }: Pick<Cut, "id"> & Pick<SinkContext, "site" | "signal"> & { password: string },
    table: string,
    lines: readonly string[],
  ): Promise<SinkOutcome> => {
    const { url, database = `tidemark_${site.replaceAll("-", "_")}`, user = "default" } = settings;
    const address = new URL(url);
    address.search = new URLSearchParams({
      query: `INSERT INTO \`${database}\`.\`${table}\` FORMAT JSONEachRow`,
      ...{ insert_deduplication_token: id, async_insert: "0" },
      ...{ date_time_input_format: "best_effort", input_format_skip_unknown_fields: "0" },
    }).toString();
    const headers = { "x-clickhouse-user": user, "x-clickhouse-key": password };
    const request = { method: "POST", headers, body: lines.join("\n"), redirect: "manual", signal } as const;
    try {
      return await outcomeOf(await fetch(address, request), Date.now());
    } catch {
      return retry(signal.aborted ? "ClickHouse did not respond in time" : "ClickHouse could not be reached");
    }
  };

  return {
    limits: LIMITS,
    async attempt(cut, _, { env, signal, site }) {
      const password = secretOf(env, settings.passwordSecret);
      if (password === undefined) {
        const missing = retry(`the secret ${settings.passwordSecret} is not set`);
        return { outcomes: cut.pending.map(() => missing) };
      }
      const outcomes = new Map<number, SinkOutcome>();
      const byTable = new Map<string, Map<number, string>>();
      for (const index of cut.pending) {
        const sent = cut.records[index] as SinkRecord;
        const row = rowOf(sent);
        const table = TABLES[sent.record.kind] ?? "";
        if ("reason" in row) outcomes.set(index, { type: "refused", reason: row.reason });
        else byTable.set(table, (byTable.get(table) ?? new Map<number, string>()).set(index, row.line));
      }
      for (const [table, lines] of byTable) {
        const indexes = [...lines.keys()];
        const send = (part: readonly number[]): Promise<SinkOutcome> => {
          // The whole cut has its own id, and each part another one.
          const id = part.length === cut.records.length ? cut.id : `${cut.id}:${textOfIndexes(part)}`;
          return insert(
            { id, site, signal, password },
            table,
            part.map((index) => lines.get(index) ?? ""),
          );
        };
        const sent = await sendBySplitting(indexes, send);
        for (const [place, index] of indexes.entries()) outcomes.set(index, sent[place] as SinkOutcome);
      }
      return { outcomes: cut.pending.map((index) => outcomes.get(index) as SinkOutcome) };
    },
  };
};

/** A database of ClickHouse as the target of a sink. */
export const clickhouse = (settings: ClickhouseSettings): SinkTarget => ({
  type: "clickhouse",
  secrets: [settings.passwordSecret],
  kinds: KINDS,
  check: (expect) => checkClickhouse(settings, expect),
  create: async ({ features }) => createClickhouseSink(settings, features),
});
