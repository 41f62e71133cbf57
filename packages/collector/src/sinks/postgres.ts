import { secretOf } from "../access/keys.ts";
import type { SinkTarget } from "../config.ts";
import type { ExpectSetting } from "../settings/expect-setting.ts";
import { jsonBody } from "./json-body.ts";
import { sendBySplitting } from "./send-by-splitting.ts";
import type { Sink, SinkContext, SinkOutcome, SinkRecord } from "./sink.ts";

/** A table of a Postgres server of version 12 or later. It has either `urlSecret` or `hyperdrive`. */
export interface PostgresSettings {
  /**
   * Name of the secret (environment variable) that contains the server's address, such as
   * `postgres://user:password@db.example.com/shop?sslmode=require`.
   */
  urlSecret?: string;
  /** Name of a Hyperdrive binding. */
  hyperdrive?: string;
  /** The table, such as `tidemark_records` or `analytics.tidemark_records`. Default: `tidemark_records`. */
  table?: string;
}

/** An open connection. */
interface PostgresConnection {
  /**
   * Executes a statement that is committed by itself.
   *
   * @param values The arrays of its parameters.
   * @throws Error of the server, with its fields `severity` and `code`, or of the connection.
   */
  execute(statement: string, values: readonly (readonly unknown[])[]): Promise<void>;
  /** Closes the connection. Does not throw. */
  close(): Promise<void>;
}

/**
 * Connects to a server.
 *
 * @param signal Ends the connection and its statements.
 * @throws Error of the server or of the connection. It does not quote the address.
 */
export type ConnectPostgres = (address: string, signal: AbortSignal) => Promise<PostgresConnection>;

/** Largest cut. */
const LIMITS = { records: 2_000, bytes: 2_000_000 };

const KNOWN: Record<keyof PostgresSettings, true> = { urlSecret: true, hyperdrive: true, table: true };

const ENVIRONMENT_VARIABLE = /^[A-Z][A-Z0-9_]*$/;

/** Checks the settings of a sink of Postgres. The errors quote no value that may contain a password. */
export const checkPostgres = (settings: PostgresSettings, expect: ExpectSetting): void => {
  const { urlSecret, hyperdrive, table = "t" } = settings;
  const unknown = Object.keys(settings).find((field) => !Object.hasOwn(KNOWN, field));
  expect(unknown === undefined, unknown ?? "", `no fields but ${Object.keys(KNOWN).join(", ")}`, "this field");
  const isOne = (urlSecret === undefined) !== (hyperdrive === undefined);
  expect(isOne, "urlSecret", "either urlSecret or hyperdrive", urlSecret === undefined ? "neither" : "both");
  const isVariable = (name: unknown) => name === undefined || ENVIRONMENT_VARIABLE.test(String(name));
  const secret = "the name of an environment variable, such as POSTGRES_URL";
  expect(isVariable(urlSecret), "urlSecret", secret, "another value");
  expect(isVariable(hyperdrive), "hyperdrive", "the name of a binding, such as HYPERDRIVE", "another value");
  const isTable = typeof table === "string" && /^([a-z_][a-z0-9_]{0,62}\.)?[a-z_][a-z0-9_]{0,62}$/.test(table);
  expect(isTable, "table", "a name, or schema.name, of small letters, digits and underscores", table);
};

/** A column of the table: its type and its value for a record. */
interface Column {
  type: string;
  value(sent: SinkRecord): string | number | null;
}

const isoOf = (time: number): string => new Date(time).toISOString();

const COLUMNS: Readonly<Record<string, Column>> = {
  event_id: { type: "text", value: ({ id }) => id },
  kind: { type: "text", value: ({ record }) => record.kind },
  type: { type: "text", value: ({ record }) => (record.kind === "event" ? record.event.type : null) },
  session_id: {
    type: "text",
    value: ({ record }) => (record.kind === "event" ? record.event.session_id : record.session_id) ?? null,
  },
  time: {
    type: "timestamptz",
    value: ({ record }) => isoOf(record.kind === "event" ? record.event.time : record.received_at),
  },
  received_at: { type: "timestamptz", value: ({ record }) => isoOf(record.received_at) },
  record: { type: "jsonb", value: jsonBody },
};

const columns = Object.values(COLUMNS);

/** The statement that inserts records, unless the table has their ids. */
const insertInto = (table: string): string => {
  const name = table.replaceAll(/\w+/g, '"$&"');
  const names = Object.keys(COLUMNS).map((column) => `"${column}"`);
  const arrays = columns.map(({ type }, index) => `$${index + 1}::${type}[]`);
  return `INSERT INTO ${name} (${names.join(", ")}) SELECT * FROM unnest(${arrays.join(", ")}) ON CONFLICT ("event_id") DO NOTHING`;
};

/** Error of a server. */
interface ServerError {
  severity?: string;
  code?: string;
  message: string;
  column?: string;
  constraint?: string;
}

/** Whether an error is about a value: a data exception, a violated constraint, or a limit of the server. */
const isOfValue = ({ code = "", column }: ServerError): boolean => {
  // A column without a value that the sink does not know is the table's.
  if (code === "23502") return column !== undefined && Object.hasOwn(COLUMNS, column);
  return /^(22|23|54)/.test(code);
};

/** The outcome of a statement that failed. The reason quotes no value of a record. */
const outcomeOf = (error: ServerError, signal: AbortSignal): SinkOutcome => {
  if (signal.aborted) return { type: "retry", reason: "Postgres did not respond in time" };
  const { severity, code, message, column, constraint } = error;
  if (!severity) return { type: "retry", reason: `the connection to Postgres failed: ${message}` };
  const place = [column && `column ${column}`, constraint && `constraint ${constraint}`].filter(Boolean);
  const text = [`Postgres responded with the error ${code}`, ...place].join(", ");
  // Messages about values quote them.
  if (isOfValue(error)) return { type: "refused", reason: text };
  return { type: "retry", reason: code?.startsWith("2350") ? text : `${text}: ${message}` };
};

/** The address of the server, or the reason for which it is missing. */
const addressOf = ({ urlSecret, hyperdrive = "" }: PostgresSettings, { env }: SinkContext) => {
  if (urlSecret !== undefined)
    return { address: secretOf(env, urlSecret), reason: `the secret ${urlSecret} is not set` };
  const binding = (env as unknown as Record<string, Partial<Hyperdrive> | undefined>)[hyperdrive];
  return { address: binding?.connectionString, reason: `the binding ${hyperdrive} of Hyperdrive does not exist` };
};

/**
 * The sink of Postgres. A statement inserts the records of a cut whose ids the table does not have: the table has each record
 * once. An attempt opens one connection, and closes it.
 */
export const createPostgresSink = (settings: PostgresSettings, connect: ConnectPostgres): Sink => {
  const statement = insertInto(settings.table ?? "tidemark_records");
  return {
    limits: LIMITS,
    async attempt({ records, pending }, _, context) {
      const { signal } = context;
      const all = (outcome: SinkOutcome) => ({ outcomes: pending.map(() => outcome) });
      const { address, reason } = addressOf(settings, context);
      if (address === undefined) return all({ type: "retry", reason });
      let connection: PostgresConnection | undefined;
      try {
        const open = await connect(address, signal);
        connection = open;
        const outcomes = await sendBySplitting(pending, async (indexes): Promise<SinkOutcome> => {
          const sent = indexes.flatMap((index) => records[index] ?? []);
          try {
            await open.execute(
              statement,
              columns.map(({ value }) => sent.map(value)),
            );
            return { type: "delivered" };
          } catch (error) {
            return outcomeOf(error as ServerError, signal);
          }
        });
        return { outcomes };
      } catch (error) {
        const outcome = outcomeOf(error as ServerError, signal);
        return all(outcome.type === "refused" ? { type: "retry", reason: outcome.reason } : outcome);
      } finally {
        await connection?.close();
      }
    },
  };
};

/** A table of Postgres as the target of a sink. */
export const postgres = (settings: PostgresSettings): SinkTarget => ({
  type: "postgres",
  secrets: settings.urlSecret === undefined ? [] : [settings.urlSecret],
  check: (expect) => checkPostgres(settings, expect),
  create: async () => createPostgresSink(settings, (await import("./connect-postgres.ts")).connectPostgres),
});
