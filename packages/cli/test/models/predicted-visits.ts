import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { PredictionPayload, RecordKind } from "@tidemark/schema/log";
import { afterAll, beforeAll } from "vitest";
import { openDatabase } from "../../src/log/database.ts";
import { writeFolder } from "../../src/log/log-folder.ts";
import { loadTail } from "../../src/log/tail.ts";
import { type GeneratedVisit, generateVisits } from "../../src/visits/generate.ts";

/** Begin of the first visit. */
export const BEGIN = Date.UTC(2026, 9, 1);

/** Generated visits of the site `shop` within four days: about one in eight ends in a purchase. */
export const visits: readonly GeneratedVisit[] = [
  ...generateVisits({ site: "shop", sessions: 2_000, seed: 11, from: BEGIN, to: BEGIN + 4 * 86_400_000 }),
];

/** The latest visit of the log, which can go on after its end. */
export const [openVisit] = [
  ...generateVisits({ site: "shop", sessions: 1, seed: 12, from: BEGIN + 5 * 86_400_000, to: BEGIN + 6 * 86_400_000 }),
] as [GeneratedVisit];

/** A prediction about a visit, made at its decision: the known probability. */
export const predictionOf = (
  { decision, records }: GeneratedVisit,
  changed: Partial<PredictionPayload> = {},
): PredictionPayload => {
  const before = records.map(({ event }) => event.time).filter((time) => time < decision.as_of);
  return {
    ...{ model: "purchase", model_version: 1, role: "primary", probability: 1, entity: "session", id: decision.id },
    ...{ reader: "session", time: decision.as_of, event_time: Math.max(...before), definition_version: "0" },
    ...{ set: { name: "intent", version: 1, hash: "000000000000" }, features: {} },
    ...{ value: decision.probability, fallback: null, latency_ms: 0, ...changed },
  };
};

/** Writes records of the site `shop` as files of a log. */
export const writeRecords = async (folder: string, records: readonly object[]): Promise<void> => {
  const database = await openDatabase();
  await loadTail(database, Readable.from(records.map((record) => Buffer.from(`${JSON.stringify(record)}\n`))), [], {});
  await writeFolder(database, folder, "shop");
  database.close();
};

/** Longest time for the files of the visits, in milliseconds. A loaded machine needs more than the default. */
const WRITE_TIMEOUT_MS = 60_000;

/** Payloads of records of one kind, each with the time at which it is received. */
type Payloads = readonly { time: number }[];

/**
 * Writes the events of the visits once. Returns a function that writes a log with them into a folder, and with payloads of
 * the kind, which is `prediction` by default.
 */
export const visitsLog = (): ((folder: string, payloads: Payloads, kind?: RecordKind) => Promise<void>) => {
  let events: string;
  beforeAll(async () => {
    events = mkdtempSync(join(tmpdir(), "tidemark-visits-"));
    await writeRecords(
      events,
      [...visits, openVisit].flatMap(({ records }) => records),
    );
  }, WRITE_TIMEOUT_MS);
  afterAll(() => rmSync(events, { recursive: true }));
  return async (folder, payloads, kind = "prediction") => {
    cpSync(events, folder, { recursive: true });
    const made = payloads.map((payload, index) => {
      const place = { site: "shop", partition: 0, offset: 10_000_000 + index, arrival: 1, received_at: payload.time };
      return { kind, ...place, payload };
    });
    await writeRecords(folder, made);
  };
};
