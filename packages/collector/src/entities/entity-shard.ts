import { DurableObject } from "cloudflare:workers";
import { ObjectAlarm } from "../alarm.ts";
import { type Env, partitionOf } from "../env.ts";
import { expectKnown } from "../release.ts";
import { type Tenants, tenantOf } from "../tenants.ts";
import { type ActiveList, activeEntities } from "./active-entities.ts";
import { EntityStore } from "./entity-store.ts";
import { Journal } from "./journal.ts";
import type { EntityRow } from "./merge.ts";
import { type EntityKey, PUSH_VERSION, type Push, partitionSender, type RebuildPosition, type Sender } from "./push.ts";
import { countSetAside } from "./set-aside.ts";

/** Version of everything that a shard stores. A change that an earlier release must not read adds one. */
const SHARD_VERSION = 1;

/** The stored metadata of a shard. */
interface ShardMeta {
  /** {@link SHARD_VERSION} of the release that stored it; absent in a release without versions. */
  version?: number;
  site: string;
  /** The partitions that still hand rows over to the shard. */
  sources: number[];
}

/** A shard in memory. */
interface OpenShard {
  meta: ShardMeta;
  store: EntityStore;
}

/** An entity's row as it is stored. */
export type StoredRow = [key: EntityKey, text: string];

// It differs from all keys of entities, which contain a colon.
const META = "shard";

/** Largest number of a site's partitions. */
const MAX_PARTITIONS = 64;

/** Minimum time until an alarm deletes expired rows, in milliseconds. */
const DELETE_IN_MS = 60_000;

/**
 * The Durable Object of a shard of a site's entities: one row for each user, page or custom entity whose key has the
 * shard's hash. It merges the pushes of the site's partitions, each once.
 *
 * The site's first partition hands its rows over to the new shards. Until it has finished, a shard asks it for the row
 * of an entity that it does not have yet.
 */
export abstract class EntityShardObject extends DurableObject<Env> {
  /** The tenants of this deployment. */
  protected abstract readonly tenants: Tenants;

  readonly #alarm = new ObjectAlarm(this.ctx);
  #opening: Promise<OpenShard> | undefined;
  #opened: OpenShard | undefined;

  /**
   * Merges a partition's pushes and makes them durable. It skips a push if that push or a later one was merged before.
   *
   * @param text Pushes as JSON, in the order of their numbers.
   * @throws Error while the pushes, or the stored values, are those of a later release. The partition sends them again.
   */
  async apply(site: string, sender: Sender, text: string, version?: number): Promise<void> {
    expectKnown("a push", version, PUSH_VERSION);
    const opened = await this.#open(site);
    const { meta, store } = opened;
    const pushes = JSON.parse(text) as Push[];
    if (meta.sources.length > 0) {
      const keys = pushes.flatMap(({ deltas }) => Object.keys(deltas) as EntityKey[]);
      await this.#pull(site, opened, [...new Set(keys)]);
    }
    this.#ensureAlarm(store);
    await store.apply(sender, text, pushes);
  }

  /**
   * Begins a rebuild: deletes all rows.
   *
   * @param confirmed The positions up to which this shard had confirmed the deltas of partitions before the call.
   * @returns The positions up to which the deltas of partitions were deleted. The shard merges all later ones.
   * @throws Error while partitions hand rows over.
   */
  async beginRebuild(site: string, confirmed: readonly RebuildPosition[]): Promise<RebuildPosition[]> {
    const { meta, store } = await this.#open(site);
    if (meta.sources.length > 0) throw new Error(`partitions ${meta.sources} hand rows over: repeat it later`);
    return store.clear(() => {
      const positions = new Map(confirmed.map(({ partition, position }) => [partition, position]));
      // A partition may have sent more meanwhile, and a new one may have begun.
      for (let partition = 0; partition < MAX_PARTITIONS; partition += 1) {
        const latest = store.latest({ id: partitionSender(partition), began_at: 0 });
        if (latest !== undefined) positions.set(partition, Math.max(positions.get(partition) ?? 0, latest));
      }
      return [...positions].map(([partition, position]) => ({ partition, position }));
    });
  }

  /** Deletes expired rows. A shard whose site was removed from the configuration keeps its rows. */
  override alarm(info?: AlarmInvocationInfo): Promise<void> {
    return this.#alarm.run(async () => {
      const meta = this.ctx.storage.kv.get<ShardMeta>(META);
      if (!meta || !this.tenants.has(meta.site)) return;
      const { store } = await this.#open(meta.site);
      await store.deleteExpired();
      this.#ensureAlarm(store);
    }, info);
  }

  /** Reads the state of an entity, including pushes that are not written yet; `undefined` if it has none. */
  async read(site: string, key: EntityKey): Promise<EntityRow | undefined> {
    const opened = await this.#open(site);
    if (opened.meta.sources.length > 0) await this.#pull(site, opened, [key]);
    return opened.store.read(key);
  }

  /** Reads the states of the first of some entities, as many as one call transfers; `null` for one without a state. */
  async readAll(site: string, keys: EntityKey[]): Promise<(string | null)[]> {
    const opened = await this.#open(site);
    if (opened.meta.sources.length > 0) await this.#pull(site, opened, keys);
    return opened.store.readAll(keys);
  }

  /**
   * The next entities with an event since a time, after a position. `undefined` while partitions hand rows over: the index
   * does not have all entities yet.
   */
  async activeSince(
    site: string,
    entity: string,
    since: number,
    after: string,
    limit: number,
  ): Promise<ActiveList | undefined> {
    const { meta, store } = await this.#open(site);
    return meta.sources.length > 0 ? undefined : activeEntities(store, entity, since, after, limit);
  }

  /** Stores rows that a partition hands over, except those that the shard has already. */
  async take(site: string, source: number, rows: StoredRow[]): Promise<void> {
    const opened = await this.#open(site);
    await this.#pull(
      site,
      opened,
      rows.map(([key]) => key),
      { source, texts: rows.map(([, text]) => text) },
    );
  }

  /** Ends the handover from a partition: it has no more rows. */
  async finish(site: string, source: number): Promise<void> {
    const { meta } = await this.#open(site);
    meta.sources = meta.sources.filter((each) => each !== source);
    this.ctx.storage.kv.put(META, meta);
  }

  #ensureAlarm({ deletesAt }: EntityStore): void {
    if (deletesAt !== undefined) this.#alarm.ensure(Math.max(Date.now() + DELETE_IN_MS, deletesAt));
  }

  async #open(site: string): Promise<OpenShard> {
    // After a failed write the stored values are read again.
    if (this.#opened?.store.hasFailed) this.#opening = this.#opened = undefined;
    this.#opening ??= this.#read(site).catch((error) => {
      this.#opening = undefined;
      throw error;
    });
    const opened = await this.#opening;
    if (opened.meta.site !== site) throw new RangeError(`a shard of ${opened.meta.site} was called as one of ${site}`);
    return opened;
  }

  async #read(site: string): Promise<OpenShard> {
    const { storage } = this.ctx;
    const tenant = tenantOf(this.tenants, site);
    const meta = storage.kv.get<ShardMeta>(META) ?? {
      site,
      sources: await partitionOf(this.env, tenant, 0).sources(site, 0),
    };
    expectKnown("a shard", meta.version, SHARD_VERSION);
    // An object of a quiet site starts often, and a row costs the same whether it changes or not.
    if (meta.version !== SHARD_VERSION) storage.kv.put(META, Object.assign(meta, { version: SHARD_VERSION }));
    const store = new EntityStore(
      storage,
      tenant.definitions,
      new Journal(storage),
      countSetAside(this.ctx, this.env, site),
      tenant.daysToLive,
    );
    this.#opened = { meta, store };
    return this.#opened;
  }

  /** The rows that a partition has of entities, whose keys are given. One call transfers some of them. */
  async #rowsOf(site: string, source: number, keys: EntityKey[]): Promise<(string | undefined)[]> {
    const partition = partitionOf(this.env, tenantOf(this.tenants, site), source);
    const texts: (string | undefined)[] = [];
    while (texts.length < keys.length)
      texts.push(...(await partition.rowsToHandOver(site, source, keys.slice(texts.length))));
    return texts;
  }

  /**
   * Stores the rows of entities that the shard has no row of, from the partitions that still hand rows over.
   *
   * @param given The texts of the rows by position of the key, if a partition has sent them already.
   */
  async #pull(
    site: string,
    { meta, store }: OpenShard,
    keys: EntityKey[],
    given?: { source: number; texts: string[] },
  ): Promise<void> {
    const missing = keys.map((key, index) => ({ key, index })).filter(({ key }) => !store.rows.has(key));
    if (missing.length === 0) return;
    const wanted = missing.map(({ key }) => key);
    const answers = await Promise.all(
      meta.sources.filter((source) => source !== given?.source).map((source) => this.#rowsOf(site, source, wanted)),
    );
    const adopted = missing.map(({ key, index }, place): [EntityKey, string[]] => [
      key,
      [given?.texts[index], ...answers.map((texts) => texts[place])].filter((text) => text !== undefined),
    ]);
    // Another call may have stored a row meanwhile.
    this.ctx.storage.transactionSync(() => store.adopt(adopted));
  }
}
