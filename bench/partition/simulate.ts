import type { Batch } from "@tidemark/schema";
import { site } from "../collector/traffic.ts";
import { randomFrom } from "../collector/visitor.ts";
import { sentBatches } from "../cost/sdk-traffic.ts";
import { kindsOf } from "../cost/visits.ts";
import { createPlatform, loadWorker, type Platform, type SimulatedObject } from "../simulation/platform.ts";

/** The simulated site: assumptions. */
export const SITE = {
  sessionsAnHour: 1_000_000,
  /** Share of the sessions that see the same page first. All other pages are of {@link SITE.pages}. */
  hotShare: 0.5,
  pages: 10_000,
  /**
   * Time after the start of the site until the measurement, and of it, in seconds. Most sessions are shorter. All shards
   * write their rows in the same few seconds, about every half a minute: the measurement spans several of these writes.
   */
  warmUpS: 150,
  measuredS: 128,
};

/** One of so many batches is read until the read includes it, every {@link READ_EVERY_MS}. */
const PROBED = 50;
const READ_EVERY_MS = 20;

/** Different visits that the SDK's traffic is computed for. The sessions repeat them. */
const VISITS = 60;

type Deltas = Record<string, { event_time: number | null }>;

/** The shard of a user, for reads. */
interface Shard {
  read(site: string, key: string): Promise<{ engine: { event_time: number | null } } | undefined>;
}

/** The exports of `workers/objects.ts`. */
interface Objects {
  Partition: new (context: object, env: object) => object;
  EntityShard: new (context: object, env: object) => object;
  shardFor(key: string): number;
  deltasOf(site: string, batches: Batch[]): Deltas[];
  startSession(env: object, site: string, sessionId: string, anonymousId: string): (deltas: Deltas) => Promise<void>;
}

/** A visit as its session sees it: times in milliseconds since its start. */
type Visit = { at: number; events: number; deltas: Deltas }[];

/** The result of a simulation. */
export interface Simulated {
  objects: SimulatedObject[];
  /** Events and batches in the measured time. */
  events: number;
  batches: number;
  /** Times from a push until a read of its user includes it, in milliseconds. */
  freshMs: number[];
  /** Characters that the shards have stored for the measured events: their share of all events. */
  storedBytes: number;
  /** Processor time of the simulation for one batch, in milliseconds. */
  cpuMsPerBatch: number;
}

const visitsOf = async ({ deltasOf }: Objects, platform: Platform): Promise<Visit[]> =>
  Promise.all(
    kindsOf(VISITS).map(async (visit, seed) => {
      const sent = await sentBatches(visit, seed + 1);
      const deltas = deltasOf(
        site.id,
        sent.map(({ batch }) => ({ ...batch, sent_at: batch.sent_at + platform.now })),
      );
      return sent.map(({ at, batch }, index) => ({ at, events: batch.events.length, deltas: deltas[index] ?? {} }));
    }),
  );

/** Gives the deltas of a visit the keys of a session: its own user, and the page that its random number chooses. */
const renamed = (deltas: Deltas, visitor: string, hot: boolean, pageOf: (key: string) => number): Deltas => {
  const entries = Object.entries(deltas).map(([key, delta]) => {
    const entity = key.slice(0, key.indexOf(":"));
    if (entity === "user") return [`user:${visitor}`, delta];
    return [hot ? `${entity}:/the/hot/page` : `${entity}:/page/${pageOf(key)}`, delta];
  });
  return Object.fromEntries(entries);
};

/**
 * Simulates a site from its first session on, with the real partitions, shards and push loops. Of the sessions only
 * their pushes are simulated.
 */
export const simulate = async (): Promise<Simulated> => {
  const loaded: { objects?: Objects } = {};
  const platform = createPlatform(() => {
    const { Partition, EntityShard } = loaded.objects as Objects;
    return { PARTITION: Partition, ENTITY_SHARD: EntityShard };
  }, ["PARTITION", "ENTITY_SHARD"]);
  const objects = await loadWorker<Objects>(new URL("./workers/objects.ts", import.meta.url), platform);
  loaded.objects = objects;
  const visits = await visitsOf(objects, platform);
  const random = randomFrom(1);

  let isMeasured = false;
  let [events, batches, allEvents] = [0, 0, 0];
  const freshMs: number[] = [];

  const readUntilFresh = async (key: string, eventTime: number, since: number): Promise<void> => {
    const name = `${site.id}:${objects.shardFor(key)}`;
    const shard = platform.objects.find((object) => object.part === "ENTITY_SHARD" && object.name === name);
    const row = await (shard?.instance as Shard | undefined)?.read(site.id, key);
    if ((row?.engine.event_time ?? Number.NEGATIVE_INFINITY) >= eventTime) freshMs.push(platform.now - since);
    else platform.schedule(READ_EVERY_MS, () => void readUntilFresh(key, eventTime, since));
  };

  const begin = (number: number) => {
    const visitor = `visitor${number.toString(36).padStart(10, "0")}`;
    const push = objects.startSession(platform.env, site.id, `${site.id}.session${number}`, visitor);
    const visit = visits[number % visits.length] as Visit;
    const hot = random() < SITE.hotShare;
    const first = Math.floor(random() * SITE.pages);
    const pages = new Map<string, number>();
    const pageOf = (key: string) => {
      if (!pages.has(key)) pages.set(key, (first + pages.size * 7) % SITE.pages);
      return pages.get(key) as number;
    };
    for (const batch of visit) {
      platform.schedule(batch.at, () => {
        const deltas = renamed(batch.deltas, visitor, hot, pageOf);
        void push(deltas);
        allEvents += batch.events;
        if (!isMeasured) return;
        events += batch.events;
        batches += 1;
        const user = `user:${visitor}`;
        if (batches % PROBED === 0) void readUntilFresh(user, deltas[user]?.event_time ?? 0, platform.now);
      });
    }
  };
  const everyMs = 3_600_000 / SITE.sessionsAnHour;
  const all = ((SITE.warmUpS + SITE.measuredS) * 1_000) / everyMs;
  let begun = 0;
  const beginDue = () => {
    for (; begun < all && begun * everyMs <= platform.now - start; begun += 1) begin(begun);
    if (begun < all) platform.schedule(1, beginDue);
  };
  const start = platform.now;
  beginDue();
  await platform.advance(SITE.warmUpS * 1_000);
  isMeasured = true;
  platform.startMeasuring();
  const cpu = process.cpuUsage();
  await platform.advance(SITE.measuredS * 1_000);
  platform.endMeasuring();
  const { user, system } = process.cpuUsage(cpu);
  const stored = platform.objects
    .filter(({ part }) => part === "ENTITY_SHARD")
    .reduce((total, object) => total + object.stored(), 0);
  return {
    objects: platform.objects,
    storedBytes: (stored * events) / allEvents,
    events,
    batches,
    freshMs,
    cpuMsPerBatch: (user + system) / 1_000 / batches,
  };
};
