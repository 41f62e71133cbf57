import { eventColumns, type LogColumn } from "@tidemark/schema/log";
import { createClickhouseSink } from "../../../src/sinks/clickhouse.ts";
import { eventRecord } from "../kafka/records.ts";
import type { ContractMember } from "./contract-target.ts";
import { type HttpFake, startHttpTarget } from "./http-target.ts";

/** The password of the user `writer`. */
const CLICKHOUSE_PASSWORD = "secret of the writer";

const failure = (status: number, code: number, message: string, name: string) =>
  new Response(`Code: ${code}. DB::Exception: ${message} (${name}) (version 26.9.2.1). (${name})\n`, {
    ...{ status, headers: { "x-clickhouse-exception-code": `${code}` } },
  });

const isOfType = ({ type, required }: LogColumn, value: unknown): boolean => {
  if (value === undefined) return !required;
  if (type === "timestamp") return typeof value === "string" && new Date(value).toISOString() === value;
  if (type === "int32" || type === "int64") return Number.isSafeInteger(value);
  if (type === "number") return typeof value === "number";
  return typeof value === (type === "boolean" ? "boolean" : "string");
};

/** Settings that a request may have, besides the statement and the token. */
const SETTINGS: Record<string, string> = {
  ...{ async_insert: "0", date_time_input_format: "best_effort", input_format_skip_unknown_fields: "0" },
};

/** Parameters of a request to ClickHouse that a test can change. */
interface FakeClickhouse {
  /** Texts that no text column of the table accepts. */
  constraint?: string;
}

/** ClickHouse with the table of events: it checks each value, stores all rows of a request or none, and drops known tokens. */
export const createFakeClickhouse = ({ constraint = "refused" }: FakeClickhouse = {}) => {
  const rows: Record<string, unknown>[] = [];
  const tokens = new Map<string, string>();
  const requests: { token: string; rows: number }[] = [];
  const columns = new Map(eventColumns.map((column) => [column.name, column]));
  const fake: HttpFake = {
    async respond(request) {
      const { method, headers } = request;
      const url = new URL(request.url);
      if (method !== "POST" || url.pathname !== "/") throw new Error(`${method} ${url.pathname}`);
      const { query, insert_deduplication_token: token = "", ...settings } = Object.fromEntries(url.searchParams);
      if (JSON.stringify(settings) !== JSON.stringify(SETTINGS))
        throw new Error(`settings ${JSON.stringify(settings)}`);
      if (headers.get("x-clickhouse-user") !== "writer" || headers.get("x-clickhouse-key") !== CLICKHOUSE_PASSWORD)
        return failure(403, 516, "writer: Authentication failed", "AUTHENTICATION_FAILED");
      if (query !== "INSERT INTO `tidemark_shop`.`event_files` FORMAT JSONEachRow")
        return failure(404, 60, "Table does not exist.", "UNKNOWN_TABLE");
      const body = await request.text();
      const given = body.split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
      requests.push({ token, rows: given.length });
      for (const [number, row] of given.entries()) {
        const at = `(at row ${number + 1})`;
        const unknown = Object.keys(row).find((name) => !columns.has(name));
        if (unknown) {
          const text = `Unknown field found while parsing JSONEachRow format: ${unknown}: ${at}`;
          return failure(400, 117, text, "INCORRECT_DATA");
        }
        for (const column of columns.values())
          if (!isOfType(column, row[column.name])) {
            const text = `Cannot parse input: (while reading the value of key ${column.name}): ${at}`;
            return failure(400, 27, text, "CANNOT_PARSE_INPUT_ASSERTION_FAILED");
          }
        if (Object.values(row).includes(constraint))
          return failure(400, 469, `Constraint \`c\` is violated ${at}`, "VIOLATED_CONSTRAINT");
      }
      if (tokens.has(token) && tokens.get(token) !== body) throw new Error(`other rows with the token ${token}`);
      if (!tokens.has(token)) rows.push(...given);
      tokens.set(token, body);
      return new Response();
    },
    unavailable: () => failure(500, 252, "Too many parts (3000)", "TOO_MANY_PARTS"),
    stored: () => rows.map(({ session_id, tab_id, seq }) => `${session_id}/${tab_id}/${seq}`),
  };
  return { ...fake, rows, requests, columns };
};

/** {@link createFakeClickhouse} on this machine. */
export const startFakeClickhouse = async (fake: FakeClickhouse = {}) => {
  const server = createFakeClickhouse(fake);
  return { ...server, ...(await startHttpTarget(server)) };
};

/** A server of ClickHouse. */
export const clickhouseMember: ContractMember = {
  name: "ClickHouse",
  secrets: ["CLICKHOUSE_PASSWORD"],
  refusedRecord: (seq) => eventRecord("refused", seq),
  ...{ refusesAlone: true, failsAlone: false, asksForTime: true },
  async start() {
    const server = await startFakeClickhouse();
    const settings = { url: server.origin, user: "writer", passwordSecret: "CLICKHOUSE_PASSWORD" };
    return { ...server, sink: createClickhouseSink(settings, []), env: { CLICKHOUSE_PASSWORD } };
  },
};
