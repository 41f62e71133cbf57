import { setTimeout as wait } from "node:timers/promises";
import { type ConnectPostgres, createPostgresSink } from "../../../src/sinks/postgres.ts";
import { eventRecord } from "../kafka/records.ts";
import type { ContractFault, ContractMember } from "./contract-target.ts";

const ADDRESS = "postgres://writer:secret@db.example.com/shop";

/** The statement of the table `tidemark_records`. */
const STATEMENT =
  'INSERT INTO "tidemark_records" ("event_id", "kind", "type", "session_id", "time", "received_at", "record") ' +
  "SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::jsonb[]) " +
  'ON CONFLICT ("event_id") DO NOTHING';

const errorOf = (code: string, message: string, fields = {}) =>
  Object.assign(new Error(message), { severity: "ERROR", code, ...fields });

/** A server whose table has the records by id, and whose JSON has no text with NUL. */
export const createFakePostgres = () => {
  const rows = new Map<string, { type: unknown; time: unknown; record: { id: string } }>();
  const statements: number[] = [];
  let fault: ContractFault | undefined;
  let isOpen = 0;
  const expectAvailable = async (signal: AbortSignal): Promise<void> => {
    if (fault === "silent") await wait(60_000, undefined, { signal });
    if (fault === "unavailable") throw errorOf("57P03", "the database system is starting up");
    if (fault === "nonsense") throw new Error("Unknown message type");
  };
  const connect: ConnectPostgres = async (address, signal) => {
    if (address !== ADDRESS) throw errorOf("28P01", 'password authentication failed for user "writer"');
    await expectAvailable(signal);
    isOpen += 1;
    return {
      async execute(statement, values) {
        await expectAvailable(signal);
        if (statement !== STATEMENT) throw errorOf("42601", `a syntax error in ${statement}`);
        const [ids = [], , types = [], , times = [], , records = []] = values;
        if (values.length !== 7 || values.some(({ length }) => length !== ids.length))
          throw errorOf("22023", "arrays of different lengths");
        statements.push(ids.length);
        if (records.some((record) => `${record}`.includes("\\u0000")))
          throw errorOf("22P05", "unsupported Unicode escape sequence: \\u0000 cannot be converted to text.");
        for (const [index, id] of ids.entries()) {
          const row = { type: types[index], time: times[index], record: JSON.parse(`${records[index]}`) };
          if (!rows.has(`${id}`)) rows.set(`${id}`, row);
        }
        if (fault === "lost answer") throw new Error("Connection terminated unexpectedly");
      },
      async close() {
        isOpen -= 1;
      },
    };
  };
  return {
    ...{ connect, rows, statements, address: ADDRESS },
    fail: (next: ContractFault | undefined) => {
      fault = next;
    },
    open: () => isOpen,
  };
};

/** A server of Postgres. */
export const postgresMember: ContractMember = {
  name: "Postgres",
  secrets: ["POSTGRES_URL"],
  refusedRecord: (seq) => eventRecord("refused", seq, { properties: { text: "\0" } }),
  ...{ refusesAlone: true, failsAlone: false, asksForTime: false },
  async start() {
    const server = createFakePostgres();
    return {
      sink: createPostgresSink({ urlSecret: "POSTGRES_URL" }, server.connect),
      env: { POSTGRES_URL: ADDRESS },
      stored: () => [...server.rows.values()].map(({ record }) => record.id),
      fail: server.fail,
      async stop() {
        if (server.open() > 0) throw new Error("a connection is open");
      },
    };
  },
};
