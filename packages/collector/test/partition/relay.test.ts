import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EntityStore } from "../../src/entities/entity-store.ts";
import { Journal } from "../../src/entities/journal.ts";
import type { Delta, EntityKey, Push, Sender } from "../../src/entities/push.ts";
import { SHARDS, shardFor } from "../../src/entities/shards.ts";
import { Relay } from "../../src/partition/relay.ts";
import { MemoryStorage, stoppable } from "../entities/memory-storage.ts";
import { definitions, pageKey } from "../entities/page-clicks.ts";
import { START, settle, useVirtualTime, type VirtualTime } from "../entities/virtual-time.ts";

/** A push with a click on each of some pages. */
const pushOf = (n: number, pages: number[], more: Partial<Delta> = {}): Push => ({
  n,
  layouts: definitions.layouts,
  deltas: Object.fromEntries(pages.map((page) => [pageKey(page), { cells: [1], event_time: START, ...more }])),
});

const session = (id: number): Sender => ({ id: `session ${id}`, began_at: START + id * 4_000 });

/** A fault of a call: the request is lost, or the receiver applies it and the response is lost. */
type Fault = "lose_request" | "lose_response" | undefined;

/** A partition with several shards, each of which can stop and start again from its stored values. */
class World {
  readonly stored = new MemoryStorage();
  readonly shards = Array.from({ length: SHARDS }, () => new MemoryStorage());
  /** The pushes that reached shards, with the time of their arrival. */
  readonly arrived: { shard: number; at: number; push: Push }[] = [];
  fault: (shard: number) => Fault = () => undefined;
  #stop = () => {};
  readonly #stopShards: (() => void)[] = [];
  relay = this.#start();
  readonly #stores = this.shards.map((_, shard) => this.#startShard(shard));
  /** A stopped object changes nothing: its writes fail, and its calls never end. */
  #start(): Relay {
    const { storage, stop } = stoppable(this.stored);
    let isStopped = false;
    this.#stop = () => {
      isStopped = true;
      stop();
    };
    return new Relay(storage, definitions, new Journal(storage), (shard, text) =>
      isStopped ? new Promise(() => {}) : this.#apply(shard, text),
    );
  }

  #startShard(shard: number): EntityStore {
    const { storage, stop } = stoppable(this.shards[shard] as MemoryStorage);
    this.#stopShards[shard] = stop;
    return new EntityStore(storage, definitions, new Journal(storage), (key) =>
      expect.unreachable(`${key} is set aside`),
    );
  }

  async #apply(shard: number, text: string): Promise<void> {
    const fault = this.fault(shard);
    if (fault === "lose_request") throw new Error("the request is lost");
    const pushes = JSON.parse(text) as Push[];
    this.arrived.push(...pushes.map((push) => ({ shard, at: Date.now(), push })));
    await (this.#stores[shard] as EntityStore).apply({ id: "partition 0", began_at: 0 }, text, pushes);
    if (fault === "lose_response") throw new Error("the response is lost");
  }

  restart(): void {
    this.#stop();
    this.relay = this.#start();
  }

  restartShard(shard: number): void {
    this.#stopShards[shard]?.();
    this.#stores[shard] = this.#startShard(shard);
  }

  /** The clicks of a page in its shard. */
  clicks(key: EntityKey): number {
    return (this.#stores[shardFor(key)]?.read(key)?.engine.cells[0] as number | undefined) ?? 0;
  }

  /** Sends a push as a partition does, and then forwards. Resolves when the push is durable. */
  async push(sender: Sender, push: Push): Promise<void> {
    await this.relay.apply(sender, JSON.stringify([push]), [push]);
    void this.relay.forward();
  }
}

let time: VirtualTime;
beforeEach(() => {
  time = useVirtualTime();
  vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("a relay", () => {
  it("brings each push to the shards once, under lost calls and restarts of both", async () => {
    const step = fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record({
          do: fc.constant("push" as const),
          session: fc.nat(5),
          pages: fc.uniqueArray(fc.nat(30), { minLength: 1, maxLength: 3 }),
          isConfirmed: fc.boolean(),
        }),
      },
      {
        weight: 6,
        arbitrary: fc.record({ do: fc.constant("advance" as const), ms: fc.constantFrom(10, 300, 1_100, 70_000) }),
      },
      { weight: 2, arbitrary: fc.constant({ do: "restart" as const }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("restart shard" as const), shard: fc.nat(SHARDS - 1) }) },
      { weight: 1, arbitrary: fc.constant({ do: "forward" as const }) },
    );
    const faults = fc.array(fc.constantFrom<Fault[]>("lose_request", "lose_response", undefined), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 120 }), faults, async (steps, injected) => {
        vi.setSystemTime(START);
        const world = new World();
        world.fault = () => injected.shift();
        const sent = new Map<EntityKey, number>();
        /** The latest push of each session, and whether the session knows that it was merged. */
        const latest = new Map<number, { push: Push; isConfirmed: boolean }>();
        /** Repeats pushes until the partition confirms them, as sessions do. */
        const repeat = async (id: number) => {
          const { push } = latest.get(id) as { push: Push };
          const confirmed = world.push(session(id), push);
          await time.advance(300);
          await confirmed;
        };
        for (const each of steps) {
          if (each.do === "push") {
            const before = latest.get(each.session);
            if (before && !before.isConfirmed) await repeat(each.session);
            const push = pushOf((before?.push.n ?? 0) + 1, each.pages);
            for (const page of each.pages) sent.set(pageKey(page), (sent.get(pageKey(page)) ?? 0) + 1);
            latest.set(each.session, { push, isConfirmed: false });
            world.push(session(each.session), push).then(
              // A response may be lost.
              () => latest.set(each.session, { push, isConfirmed: each.isConfirmed }),
              () => {},
            );
            await settle();
          } else if (each.do === "advance") await time.advance(each.ms);
          else if (each.do === "restart") world.restart();
          else if (each.do === "restart shard") world.restartShard(each.shard);
          else void world.relay.forward();
        }
        injected.length = 0;
        for (const id of latest.keys()) await repeat(id);
        for (let minute = 0; minute < 3; minute += 1) {
          void world.relay.forward();
          await time.advance(60_000);
        }
        expect(world.relay.isPending).toBe(false);
        expect(new Map([...sent.keys()].map((key) => [key, world.clicks(key)]))).toEqual(sent);
      }),
      { numRuns: 300 },
    );
  });

  it("recognises a push that is repeated after two restarts, between which the shards confirmed it", async () => {
    const world = new World();
    const push = pushOf(1, [1]);
    await world.push(session(1), push);
    await time.advance(1_000);
    world.restart();
    void world.relay.forward();
    await time.advance(1_000);
    await Promise.all([world.push(session(2), pushOf(1, [2])), time.advance(2_000)]);
    world.restart();
    await Promise.all([world.push(session(1), push), time.advance(2_000)]);
    expect([1, 2].map((page) => world.clicks(pageKey(page)))).toEqual([1, 1]);
  });

  it("sends a page that all sessions see to its shard at most once a second, and within 1.25 seconds", async () => {
    const world = new World();
    let sent = 0;
    // 97 ms, so that pushes arrive at all distances from writes and cuts.
    for (; Date.now() < START + 20_000; sent += 1) {
      void world.push(session(sent), pushOf(1, [1]));
      await time.advance(97);
      expect(world.clicks(pageKey(1))).toBeGreaterThanOrEqual(sent - Math.ceil(1_250 / 97));
    }
    await time.advance(1_250);
    expect(world.clicks(pageKey(1))).toBe(sent);
    const times = world.arrived.map(({ at }) => at);
    expect(times.length).toBeLessThanOrEqual(22);
    const gaps = times.slice(1).map((at, index) => at - (times[index] as number));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_000);
  });

  it("stores a push that is longer than a value may be, and sends it after a restart", async () => {
    const world = new World();
    const pages = Array.from({ length: 4_000 }, (_, page) => page);
    const push = pushOf(1, pages, { anonymous_ids: ["潮".repeat(600)] });
    world.fault = () => "lose_request";
    await world.push(session(1), push);
    await time.advance(0);
    const stored = world.stored.sql.exec<{ bytes: number }>("SELECT length(received) AS bytes FROM journal").toArray();
    for (const { bytes } of stored) expect(bytes).toBeLessThan(2_000_000);
    world.restart();
    world.fault = () => undefined;
    void world.relay.forward();
    await time.advance(2_000);
    const keys = Object.keys(push.deltas) as EntityKey[];
    expect(keys.filter((key) => world.clicks(key) !== 1)).toEqual([]);
  });

  it("rejects pushes while too many wait for shards, and then takes them", async () => {
    const world = new World();
    world.fault = () => "lose_request";
    const long = (id: number) => world.push(session(id), pushOf(1, [id], { anonymous_ids: ["x".repeat(490_000)] }));
    const outcomes: string[] = [];
    for (let id = 0; id < 20; id += 1) {
      void long(id).then(
        () => outcomes.push("durable"),
        () => outcomes.push("rejected"),
      );
      await time.advance(300);
    }
    expect(outcomes).toEqual([...Array(17).fill("durable"), ...Array(3).fill("rejected")]);
    world.fault = () => undefined;
    await time.advance(61_000);
    void world.relay.forward();
    await time.advance(2_000);
    for (const id of [17, 18, 19]) await Promise.all([long(id), time.advance(2_000)]);
    expect(Array.from({ length: 20 }, (_, id) => world.clicks(pageKey(id)))).toEqual(Array(20).fill(1));
  });

  it("sends again after the clock was set back", async () => {
    const world = new World();
    world.fault = () => "lose_request";
    await world.push(session(1), pushOf(1, [1]));
    await time.advance(2_000);
    world.fault = () => undefined;
    vi.setSystemTime(START - 3_600_000);
    void world.relay.forward();
    await time.advance(1_000);
    expect(world.clicks(pageKey(1))).toBe(1);
  });

  it("has a journal of at most 80 entries and three million characters while the shards respond", async () => {
    const world = new World();
    /** The entries that a restarted relay reads again. */
    const journal = () => {
      const consumed = "SELECT consumed FROM journal ORDER BY position DESC LIMIT 1";
      const [read] = world.stored.sql
        .exec<{ entries: number; bytes: number | null }>(
          `SELECT count(*) AS entries, sum(length(received)) AS bytes FROM journal WHERE position > (${consumed})`,
        )
        .toArray();
      return { entries: read?.entries ?? 0, bytes: read?.bytes ?? 0 };
    };
    const most = { entries: 0, bytes: 0 };
    for (let sent = 0; Date.now() < START + 120_000; sent += 1) {
      // Long and short pushes in turn, each for some time.
      const length = Math.floor(sent / 100) % 2 ? 200_000 : 10;
      void world.push(session(sent), pushOf(1, [sent], { anonymous_ids: ["x".repeat(length)] }));
      await time.advance(110);
      const { entries, bytes } = journal();
      most.entries = Math.max(most.entries, entries);
      most.bytes = Math.max(most.bytes, bytes);
    }
    expect(most.entries).toBeLessThanOrEqual(80);
    expect(most.bytes).toBeLessThanOrEqual(3_000_000);
  });

  it("writes nothing after a failed write", async () => {
    const world = new World();
    await world.push(session(1), pushOf(1, [1]));
    await time.advance(0);
    const exec = vi.spyOn(world.stored.sql, "exec").mockImplementation(() => {
      throw new Error("the storage is full");
    });
    const failed = expect(world.push(session(2), pushOf(1, [2]))).rejects.toThrow("the storage is full");
    void world.relay.forward();
    await time.advance(250);
    await failed;
    exec.mockRestore();
    world.stored.statements.length = 0;
    await expect(world.push(session(2), pushOf(1, [2]))).rejects.toThrow("the storage is full");
    void world.relay.forward();
    await time.advance(5_000);
    expect([world.relay.hasFailed, world.stored.statements]).toEqual([true, []]);
    world.restart();
    await Promise.all([world.push(session(2), pushOf(1, [2])), time.advance(2_000)]);
    expect([1, 2].map((page) => world.clicks(pageKey(page)))).toEqual([1, 1]);
  });
});
