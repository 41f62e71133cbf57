import pg from "pg";
import type { ConnectPostgres } from "./postgres.ts";

/** Creates a client. The error for a wrong address does not quote it. */
const clientOf = (address: string): pg.Client => {
  const expected = "the address is not one of Postgres, such as postgres://user:password@db.example.com/shop";
  // The library would take any other text for the name of a database on this machine.
  if (!/^postgres(ql)?:\/\/./.test(address)) throw new Error(expected);
  try {
    return new pg.Client({ connectionString: address, application_name: "tidemark" });
  } catch {
    throw new Error(expected);
  }
};

/** Connects with the library pg. */
export const connectPostgres: ConnectPostgres = async (address, signal) => {
  const client = clientOf(address);
  // A failure between statements is that of the next one.
  client.on("error", () => {});
  const aborted = new Promise<never>((_, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
  aborted.catch(() => {});
  const inTime = <T>(work: Promise<T>): Promise<T> => {
    work.catch(() => {});
    return Promise.race([work, aborted]);
  };
  const close = async () => {
    await inTime(client.end()).catch(() => {});
  };
  try {
    await inTime(client.connect());
  } catch (error) {
    void close();
    throw error;
  }
  return {
    async execute(statement, values) {
      await inTime(client.query(statement, values as unknown[]));
    },
    close,
  };
};
