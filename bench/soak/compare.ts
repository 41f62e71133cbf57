import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { entityEngines, type LoggedEvent, type ReplayedEntity, replay } from "@tidemark/engine";
import type { Feature, RollupVectorResponse, SessionVectorResponse } from "@tidemark/schema";
import { isDerived } from "@tidemark/schema/derivation-order";
import { eventIn } from "@tidemark/schema/log";
import { columnsRead } from "../../packages/cli/src/log/columns-read.ts";
import { openLog } from "../../packages/cli/src/log/open-log.ts";
import { readRows } from "../../packages/cli/src/log/stored-rows.ts";
import { verifyLog } from "../../packages/cli/src/log/verify.ts";
import config from "./config.ts";
import type { Visit } from "./visits.ts";

/** A collector with its keys. */
export interface Keys {
  origin: string;
  adminKey: string;
  readKeyOf(site: string): string;
}

/**
 * Time in which all pushes arrive, in milliseconds. After a crash or a failed call the objects send them again within a
 * minute.
 */
const SETTLED_MS = 150_000;

/** Time from one comparison to the next, in milliseconds. */
const AGAIN_MS = 2_000;

/** Number of vectors that are read at the same time. */
const CONNECTIONS = 16;

/** Calls a function again until it returns no problems, or until {@link SETTLED_MS} is over. Returns the problems. */
const untilNone = async <T>(find: () => Promise<T[]>): Promise<T[]> => {
  const deadline = Date.now() + SETTLED_MS;
  for (;;) {
    const found = await find();
    if (found.length === 0 || Date.now() > deadline) return found;
    await sleep(AGAIN_MS);
  }
};

/** A site's log. */
interface SiteLog {
  /** The events in the order of arrival. */
  events: LoggedEvent[];
  /** Number of acknowledged events that are missing, and of those that are there twice. */
  missing: number;
  twice: number;
  /** Number of sessions without a final vector of all events, of final vectors, and the differences in words. */
  open: number;
  vectors: number;
  disagreements: string[];
}

/** Reads the log of a site. */
const readLog = async ({ origin, adminKey }: Keys, site: string, visits: readonly Visit[]): Promise<SiteLog> => {
  const folder = await mkdtemp(join(tmpdir(), "tidemark-soak-"));
  const { features } = config;
  const log = await openLog({ folder }, { url: origin, adminKey }, { id: site, features });
  try {
    const counts = await log.database.all(
      `SELECT session_id, count(*) AS events, count(DISTINCT (tab_id, seq)) AS different FROM log_events GROUP BY session_id`,
    );
    const bySession = new Map(counts.map((each) => [each.session_id as string, each]));
    let [missing, twice] = [0, 0];
    for (const { session_id, accepted } of visits) {
      const { events = 0, different = 0 } = bySession.get(session_id) ?? {};
      missing += Math.max(0, accepted - Number(different));
      twice += Number(events) - Number(different);
    }
    const events: LoggedEvent[] = [];
    for await (const row of readRows(
      log.database,
      columnsRead(features),
      "FROM log_events ORDER BY received_at, session_id, arrival",
    ))
      events.push(eventIn(row));
    const disagreements: string[] = [];
    const { open, vectors } = await verifyLog(
      log.database,
      features,
      {},
      (found) => disagreements.push(JSON.stringify(found)),
      () => {},
    );
    return { events, missing, twice, open, vectors, disagreements };
  } finally {
    log.close();
    await rm(folder, { recursive: true, force: true });
  }
};

const features: readonly Feature[] = config.features;

const engines = new Map(entityEngines(features).map(({ entity, engine }) => [entity, engine]));

/** Features whose merging rounds: they are equal to nine digits. */
const rounded = new Set(
  features.flatMap((feature): string[] =>
    feature.entity !== "session" && !isDerived(feature) && feature.aggregate.type === "decayed_count"
      ? [feature.name]
      : [],
  ),
);

const isEqual = (name: string, served: unknown, replayed: unknown): boolean =>
  rounded.has(name) && typeof served === "number" && typeof replayed === "number"
    ? Math.abs(served - replayed) <= 1e-9 * Math.abs(replayed)
    : isDeepStrictEqual(served, replayed);

/** The differences between a served vector and the one of a replay at the same time, in words. */
const differences = async (
  { origin, readKeyOf }: Keys,
  site: string,
  { entity, id, state }: ReplayedEntity,
): Promise<string[]> => {
  const response = await fetch(`${origin}/v1/features/${entity}/${encodeURIComponent(id)}`, {
    headers: { authorization: `Bearer ${readKeyOf(site)}` },
  });
  const text = await response.text();
  // No event of an entity may have counted.
  if (response.status === 404 && state.event_time === null) return [];
  if (!response.ok) return [`${response.status} ${text}`];
  const served = JSON.parse(text) as SessionVectorResponse | RollupVectorResponse;
  const { event_time, age_ms, features } = served;
  const expected = engines.get(entity)?.vector(state, event_time + age_ms) ?? {};
  const found = Object.entries(JSON.parse(JSON.stringify(expected)) as object)
    .filter(([name, value]) => !isEqual(name, features[name], value))
    .map(([name, value]) => `${name}: served ${JSON.stringify(features[name])}, replayed ${JSON.stringify(value)}`);
  if (event_time !== state.event_time) found.push(`event_time: served ${event_time}, replayed ${state.event_time}`);
  if (entity === "session")
    for (const count of ["late", "too_late"] as const)
      if (served[count] !== state[count]) found.push(`${count}: served ${served[count]}, replayed ${state[count]}`);
  return found;
};

/** An entity whose served vector differs. */
interface Different {
  site: string;
  entity: ReplayedEntity;
  found: string[];
}

const compareAll = async (keys: Keys, all: readonly Omit<Different, "found">[]): Promise<Different[]> => {
  const left = all.values();
  const different: Different[] = [];
  const connection = async () => {
    for (const { site, entity } of left) {
      const found = await differences(keys, site, entity);
      if (found.length > 0) different.push({ site, entity, found });
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  return different;
};

/** Compares what sessions report about the delivery with what the senders know. Returns the differences in words. */
const compareDelivery = async ({ origin, readKeyOf }: Keys, visits: readonly Visit[]): Promise<string[]> => {
  const left = visits.values();
  const found: string[] = [];
  const connection = async () => {
    for (const { site, session_id, accepted, rejected } of left) {
      const headers = { authorization: `Bearer ${readKeyOf(site)}` };
      const response = await fetch(`${origin}/v1/features/session/${session_id}`, { headers });
      const { delivery } = (await response.json()) as Partial<SessionVectorResponse>;
      // A session of which no event counted has no vector.
      if (accepted === 0 && response.status === 404) continue;
      const { received, missing, rejected: refused } = delivery ?? { received: 0, missing: 0, rejected: 0 };
      if (received !== accepted || missing !== 0 || refused !== rejected)
        found.push(
          `${session_id}: received ${received} of ${accepted}, missing ${missing}, rejected ${refused} of ${rejected}`,
        );
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  return found;
};

/** The result of {@link compareWithReplay}. */
export interface Compared {
  /** Number of events in the logs. */
  events: number;
  /** Number of acknowledged events that the logs do not have, and number of those that they have twice. */
  missing: number;
  twice: number;
  /** Number of sessions without a final vector, number of final vectors, and their differences in words. */
  open: number;
  vectors: number;
  disagreements: string[];
  /** The sessions whose counts of delivery are wrong, in words. */
  delivery: string[];
  /** Number of compared vectors by entity, and the differences in words. */
  entities: Map<string, { compared: number; differences: string[] }>;
}

/** Compares all that the collector serves with a replay of its log, once all pushes have arrived. */
export const compareWithReplay = async (keys: Keys, visits: readonly Visit[]): Promise<Compared> => {
  const none = { events: 0, missing: 0, twice: 0, open: 0, vectors: 0 };
  const result: Compared = { ...none, disagreements: [], delivery: [], entities: new Map() };
  result.delivery = await compareDelivery(keys, visits);
  const all: Omit<Different, "found">[] = [];
  for (const { id: site } of config.sites) {
    const own = visits.filter((visit) => visit.site === site);
    let log: SiteLog = { ...none, events: [], disagreements: [] };
    await untilNone(async () => {
      log = await readLog(keys, site, own);
      return [log.missing, log.open].filter((count) => count > 0);
    });
    result.events += log.events.length;
    for (const figure of ["missing", "twice", "open", "vectors"] as const) result[figure] += log[figure];
    result.disagreements.push(...log.disagreements);
    for (const entity of replay(log.events, config.features)) all.push({ site, entity });
  }
  for (const { entity } of all) {
    const figures = result.entities.get(entity.entity) ?? { compared: 0, differences: [] };
    figures.compared += 1;
    result.entities.set(entity.entity, figures);
  }
  let pending = all;
  const different = await untilNone(async () => {
    const found = await compareAll(keys, pending);
    pending = found;
    return found;
  });
  for (const { site, entity, found } of different)
    result.entities.get(entity.entity)?.differences.push(`${site} ${entity.entity} ${entity.id}: ${found.join("; ")}`);
  return result;
};
