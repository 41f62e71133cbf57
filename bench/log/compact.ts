import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { writeDaySql } from "../../packages/cli/src/log/compact-days.ts";
import { type Cut, encodeCut } from "../../packages/collector/src/log/cut.ts";
import { mergeFiles } from "../../packages/collector/src/log/merge-files.ts";
import { ParquetSource } from "../../packages/collector/src/log/parquet-source.ts";
import { CUT_EVENTS, cutsOf } from "./cuts.ts";

/** The cost of compacting an hour. */
export interface Compacting {
  /** Processor time of an event, in microseconds. */
  cpu_us: number;
  /** Bytes of an event in the small files, in the file of the hour, and in the file of a day with the same events. */
  bytes: { small: number; hour: number; day: number };
}

/** Number of events in the hour: as many as a compacted file has. */
const EVENTS = 400_000;

/** Number of events in a small file: those of a site that is busy enough for a file every minute. */
const FILE_EVENTS = 6_667;

const HOUR_MS = 3_600_000;

const cpuTime = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

/** Divides a cut into small ones, whose records were received in one hour. */
const smallCuts = ({ records, ...cut }: Cut): Cut[] =>
  Array.from({ length: Math.ceil(records.length / FILE_EVENTS) }, (_, index) => {
    const begin = index * FILE_EVENTS;
    const own = records.slice(begin, begin + FILE_EVENTS).map((record) => {
      const inHour = record.received_at % HOUR_MS;
      return { ...record, received_at: Date.UTC(2026, 10, 29, 9) + inHour };
    });
    const first_offset = cut.first_offset + begin;
    return { ...cut, records: own, first_offset, last_offset: first_offset + own.length - 1 };
  });

/** Writes the file of an hour again, as that of a day. Returns its size in bytes. */
const writeDay = async (hour: Uint8Array, folder: string): Promise<number> => {
  const [from, to] = [join(folder, "hour.parquet"), join(folder, "day.parquet")];
  writeFileSync(from, hour);
  const connection = await (await DuckDBInstance.create(":memory:", { threads: "2" })).connect();
  await connection.run(writeDaySql("event", `read_parquet('${from}')`, to));
  return statSync(to).size;
};

/** Merges the small files of an hour. Measures the reading, merging and encoding. @param folder For files. */
export const compactSmallFiles = async (folder: string): Promise<Compacting> => {
  const files: Uint8Array[] = [];
  for (const cut of [...cutsOf(EVENTS / CUT_EVENTS)].flatMap(smallCuts)) {
    const encoded = await encodeCut(cut, { features: [], pause: async () => {} });
    files.push(...encoded.files.map(({ bytes }) => bytes));
  }
  const begin = cpuTime();
  const sources = files.map((bytes) => new ParquetSource(new Uint8Array(bytes)));
  const { records, bytes } = await mergeFiles(sources, "event", async () => {});
  const cpu = cpuTime() - begin;
  if (records !== EVENTS) throw new Error(`expected ${EVENTS} events; there are ${records}`);
  const small = files.reduce((sum, { length }) => sum + length, 0);
  const day = await writeDay(bytes, folder);
  return { cpu_us: cpu / EVENTS, bytes: { small: small / EVENTS, hour: bytes.length / EVENTS, day: day / EVENTS } };
};
