import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Env } from "../../src/env.ts";
import { groupBy } from "../../src/sinks/kafka/group-by.ts";
import type { Cut, SinkContext, SinkOutcome, SinkRecord } from "../../src/sinks/sink.ts";
import type { ContractTarget } from "./contract/contract-target.ts";
import { members } from "./contract/members.ts";
import { cutOf, eventRecord } from "./kafka/records.ts";

/** Time of an attempt in these tests, in milliseconds. */
const ATTEMPT_MS = 300;

const realTimeout = AbortSignal.timeout;

/** The caller of a sink: it keeps the state, and commits it with the outcomes. */
class Caller {
  state: unknown;
  pending: readonly number[] = [];
  refused: string[] = [];
  readonly target: ContractTarget;

  constructor(target: ContractTarget) {
    this.target = target;
  }

  #context(timeMs: number): SinkContext {
    const signal = realTimeout.call(AbortSignal, timeMs);
    return { env: this.target.env as unknown as Env, signal, site: "shop", partition: 0 };
  }

  async plan(cut: Cut): Promise<void> {
    this.pending = cut.pending;
    const { sink } = this.target;
    const planned = await sink.plan?.(cut, this.state, this.#context(20_000));
    if (planned !== undefined) this.state = JSON.parse(JSON.stringify(planned));
  }

  /** One attempt. Without a commit, the caller has failed before it. */
  async attempt(cut: Cut, { commits = true, timeMs = 20_000 } = {}): Promise<SinkOutcome[]> {
    const { pending } = this;
    const attempt = await this.target.sink.attempt({ ...cut, pending }, this.state, this.#context(timeMs));
    const { outcomes, state } = attempt;
    expect(outcomes).toHaveLength(pending.length);
    if (!commits) return outcomes;
    if (state !== undefined) this.state = JSON.parse(JSON.stringify(state));
    this.pending = pending.filter((_, place) => outcomes[place]?.type === "retry");
    for (const [place, index] of pending.entries())
      if (outcomes[place]?.type === "refused") this.refused.push(cut.records[index]?.id ?? "");
    return outcomes;
  }

  /** Attempts until no record is pending. */
  async finish(cut: Cut): Promise<void> {
    for (let attempts = 0; this.pending.length > 0; attempts++) {
      const outcomes = await this.attempt(cut);
      if (attempts > 20) throw new Error(`the cut was not sent: ${JSON.stringify(outcomes.slice(0, 3))}`);
    }
  }

  async send(cut: Cut): Promise<void> {
    await this.plan(cut);
    await this.finish(cut);
  }
}

const records = (count: number, from = 1): SinkRecord[] =>
  Array.from({ length: count }, (_, index) => eventRecord(`session ${index % 3}`, from + index));

const idsOf = (sent: readonly SinkRecord[]) => sent.map(({ id }) => id);

/** The ids of each session in their order. */
const bySession = (ids: readonly string[]) => groupBy(ids, (id) => id.split("/")[0]);

/** The records at some places of a cut. */
const idsAt = ({ records: all }: Cut, places: readonly number[]) => idsOf(places.flatMap((place) => all[place] ?? []));

describe.each(members)("the sink of $name", (member) => {
  const { start, secrets, refusedRecord, refusesAlone, failsAlone, asksForTime, isRepeating = false } = member;
  let target: ContractTarget;
  let caller: Caller;
  beforeEach(async () => {
    vi.spyOn(AbortSignal, "timeout").mockImplementation(() => realTimeout.call(AbortSignal, ATTEMPT_MS));
    target = await start();
    caller = new Caller(target);
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await target.stop();
  });

  const expectStored = (ids: readonly string[]) => expect(target.stored().toSorted()).toEqual(ids.toSorted());

  /** Expects that each record is stored, and only once if the target can recognise a repetition. */
  const expectStoredAfterRepetition = (ids: readonly string[]) => {
    if (!isRepeating) return expectStored(ids);
    expect(target.stored().length).toBeGreaterThan(ids.length);
    expect(new Set(target.stored())).toEqual(new Set(ids));
  };

  it("delivers each record once, and those of a session in order", async () => {
    const all = records(60);
    await caller.send(cutOf(all.slice(0, 30), "shop/0/1-30"));
    await caller.send(cutOf(all.slice(30), "shop/0/31-60"));
    expect(bySession(target.stored())).toEqual(bySession(idsOf(all)));
    expect(caller.refused).toEqual([]);
  });

  it("delivers the pending records of a cut only", async () => {
    const cut = cutOf(records(9), "shop/0/1-9");
    await caller.send({ ...cut, pending: [0, 3, 4, 8] });
    expectStored(idsAt(cut, [0, 3, 4, 8]));
  });

  it("stores each record when an answer is lost", async () => {
    // With the first cut, the sink also authenticates where it has to.
    const [first, cut] = [cutOf(records(3), "shop/0/1-3"), cutOf(records(9, 4), "shop/0/4-12")];
    await caller.send(first);
    await caller.plan(cut);
    target.fail("lost answer");
    const outcomes = await caller.attempt(cut);
    expect(outcomes).toContainEqual(expect.objectContaining({ type: "retry" }));
    target.fail(undefined);
    await caller.finish(cut);
    expectStoredAfterRepetition([...idsOf(first.records), ...idsOf(cut.records)]);
  });

  it("stores each record when the caller fails before it commits the outcomes", async () => {
    const cut = cutOf(records(9), "shop/0/1-9");
    await caller.plan(cut);
    await caller.attempt(cut, { commits: false });
    await caller.finish(cut);
    expectStoredAfterRepetition(idsOf(cut.records));
  });

  it.each(["unavailable", "nonsense"] as const)("tries again when the target is or says: %s", async (fault) => {
    const cut = cutOf(records(9), "shop/0/1-9");
    await caller.plan(cut);
    target.fail(fault);
    const outcomes = await caller.attempt(cut);
    expect(outcomes).toContainEqual({ type: "retry", reason: expect.stringMatching(/\w/) });
    expect(outcomes).not.toContainEqual(expect.objectContaining({ type: "refused" }));
    target.fail(undefined);
    await caller.finish(cut);
    expectStored(idsOf(cut.records));
  });

  it("returns within its time when the target does not answer, and tries again", async () => {
    const cut = cutOf(records(9), "shop/0/1-9");
    await caller.plan(cut);
    target.fail("silent");
    const outcomes = await caller.attempt(cut, { timeMs: ATTEMPT_MS });
    expect(new Set(outcomes.map(({ type }) => type))).toEqual(new Set(["retry"]));
    expect(outcomes[0]).toHaveProperty("reason", expect.stringMatching(/in time|within the time/));
    target.fail(undefined);
    await caller.finish(cut);
    expectStored(idsOf(cut.records));
  });

  it.each(secrets)("sends nothing without the secret %s, and names it", async (secret) => {
    const cut = cutOf(records(3), "shop/0/1-3");
    const { env } = target;
    for (const value of [undefined, ""]) {
      target.env = { ...env, [secret]: value };
      await caller.plan(cut);
      for (const outcome of await caller.attempt(cut))
        expect(outcome).toEqual({ type: "retry", reason: expect.stringContaining(`the secret ${secret} is not set`) });
    }
    expect(target.stored()).toEqual([]);
    target.env = env;
    await caller.send(cut);
    expectStored(idsOf(cut.records));
  });

  if (failsAlone)
    it("sends a record again that fails alone, and stores each one once", async () => {
      const cut = cutOf(records(9), "shop/0/1-9");
      await caller.plan(cut);
      for (const id of idsAt(cut, [2, 7])) target.failOnce?.(id);
      const outcomes = await caller.attempt(cut);
      for (const place of [2, 7])
        expect(outcomes[place]).toEqual({ type: "retry", reason: expect.stringMatching(/\w/) });
      await caller.finish(cut);
      expectStored(idsOf(cut.records));
    });

  if (asksForTime)
    it("has the time that the target asks for", async () => {
      const cut = cutOf(records(3), "shop/0/1-3");
      target.askFor?.(120);
      await caller.plan(cut);
      for (const outcome of await caller.attempt(cut))
        expect(outcome).toMatchObject({ type: "retry", afterMs: 120_000 });
    });

  if (refusedRecord)
    it("refuses a record that is refused, and delivers the others unless they are refused with it", async () => {
      const all = [...records(4), refusedRecord(5), ...records(5, 6)];
      await caller.send(cutOf(all, "shop/0/1-10"));
      const refused = refusesAlone ? idsOf([refusedRecord(5)]) : idsOf(all);
      expect(caller.refused).toEqual(refused);
      expectStored(idsOf(all).filter((id) => !refused.includes(id)));
    });
});
