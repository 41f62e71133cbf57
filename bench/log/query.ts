import { DuckDBInstance } from "@duckdb/node-api";
import { toSql } from "@tidemark/engine/sql";
import { sessionFeatures } from "@tidemark/schema";

/** Times of queries over a table of events in milliseconds, and the largest memory of the process. */
export interface Queries {
  features_ms: number;
  /** Number of vectors. */
  vectors: number;
  types_ms: number;
  range_ms: number;
  peak_rss_mb: number;
}

/**
 * Computes the features of all sessions, in parts by hash of the session: memory grows with the events of one query. It
 * writes the vectors as Parquet. Two further queries read one column of all events, and the events of ten minutes.
 */
const queries = async (source: string, parts: number, out: string): Promise<Queries> => {
  const instance = await DuckDBInstance.create(":memory:", { threads: "2" });
  const connection = await instance.connect();
  const timed = async (run: () => Promise<unknown>): Promise<number> => {
    const begin = performance.now();
    await run();
    return Math.round(performance.now() - begin);
  };
  await connection.run(`CREATE VIEW files AS SELECT * FROM ${source}`);
  const types_ms = await timed(() => connection.runAndReadAll('SELECT "type", count(*) FROM files GROUP BY ALL'));
  const range = `"time" >= TIMESTAMPTZ '2026-11-29 09:30:00+00' AND "time" < TIMESTAMPTZ '2026-11-29 09:40:00+00'`;
  const range_ms = await timed(() =>
    connection.runAndReadAll(`SELECT view_path, count(*) FROM files WHERE ${range} GROUP BY ALL`),
  );
  const { session_features } = toSql(sessionFeatures, "duckdb", { columns: true });
  let vectors = 0;
  const features_ms = await timed(async () => {
    for (let part = 0; part < parts; part += 1) {
      await connection.run(
        `CREATE OR REPLACE VIEW events AS SELECT * FROM files WHERE hash(session_id) % ${parts} = ${part}`,
      );
      await connection.run(
        `CREATE OR REPLACE TABLE spine AS
          SELECT 'session' AS entity, session_id AS id, epoch_ms(max("time")) + 1 AS as_of FROM events GROUP BY session_id`,
      );
      const written = await connection.run(`COPY (${session_features}) TO '${out}/${part}.parquet'`);
      vectors += Number(written.rowsChanged);
    }
  });
  return {
    features_ms,
    vectors,
    types_ms,
    range_ms,
    peak_rss_mb: Math.round(process.resourceUsage().maxRSS / 1024),
  };
};

const [, , source = "", parts = "1", out = ""] = process.argv;
console.log(JSON.stringify(await queries(source, Number(parts), out)));
