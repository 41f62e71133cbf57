import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { isSenderPosition, Ledger, type ListedSenders } from "../../src/entities/ledger.ts";
import { MemoryKv } from "./memory-storage.ts";

const DAY = 86_400_000;
const NOW = 1_800_000_000_000;

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

const session = (id: string, began_at = NOW) => ({ id, began_at });

const write = (ledger: Ledger) => {
  ledger.write();
  ledger.markWritten();
};

describe("a ledger", () => {
  it("knows the latest number of each sender that was recorded before the last write, after any restarts", () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ do: fc.constant("record" as const), sender: fc.nat(9), n: fc.nat(99) }) },
      { weight: 2, arbitrary: fc.constant({ do: "write" as const }) },
      { weight: 1, arbitrary: fc.constant({ do: "restart" as const }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const kv = new MemoryKv();
        const senderOf = (id: number) => session(`s${id}`, NOW + id * 3_000);
        let ledger = new Ledger(kv);
        let recorded = new Map<number, number>();
        let stored = new Map<number, number>();
        for (const each of steps) {
          if (each.do === "record") {
            ledger.record(senderOf(each.sender), each.n);
            recorded.set(each.sender, each.n);
          } else if (each.do === "write") {
            write(ledger);
            stored = new Map(recorded);
          } else {
            ledger = new Ledger(kv);
            recorded = new Map(stored);
          }
          for (let id = 0; id < 10; id += 1) expect(ledger.latest(senderOf(id))).toBe(recorded.get(id));
        }
      }),
    );
  });

  it("lists the senders with a push since a time, page by page, stored or not", () => {
    const ledger = new Ledger(new MemoryKv());
    const expected: string[] = [];
    for (let number = 0; number < 50; number += 1) {
      const sender = session(`s${String(number).padStart(2, "0")}`, NOW + number * 3_000);
      vi.setSystemTime(NOW + (number % 2) * 1_000);
      ledger.record(sender, 1);
      if (number % 2 === 1) expected.push(sender.id);
      if (number === 30) write(ledger);
    }
    ledger.record(session("too early", NOW - 2 * DAY), 1);
    const listed: string[] = [];
    for (let after: string | undefined = ""; after !== undefined; ) {
      const { active, next }: ListedSenders = ledger.activeSince(NOW + 1_000, after, 4);
      expect(active.every(({ at }) => at === NOW + 1_000)).toBe(true);
      listed.push(...active.map(({ id }) => id));
      after = next;
    }
    expect(listed).toEqual(expected);
  });

  describe("the number of open sessions", () => {
    const MINUTE = 60_000;

    it("is that of the senders with a push of the latest 30 minutes that has not closed them, stored or not", () => {
      const steps = fc.array(
        fc.oneof(
          fc.record({
            do: fc.constant("record" as const),
            sender: fc.integer({ min: 0, max: 9 }),
            isClosed: fc.boolean(),
          }),
          fc.record({ do: fc.constant("pass" as const), minutes: fc.integer({ min: 1, max: 12 }) }),
          fc.constant({ do: "write" as const }),
          fc.constant({ do: "restart" as const }),
          fc.constant({ do: "count" as const }),
        ),
        { maxLength: 40 },
      );
      fc.assert(
        fc.property(steps, (all) => {
          vi.setSystemTime(NOW);
          const kv = new MemoryKv();
          const began = new Map<number, number>();
          const open = new Map<number, number>();
          let ledger = new Ledger(kv);
          for (const each of all) {
            const now = Date.now();
            if (each.do === "record") {
              began.set(each.sender, began.get(each.sender) ?? now);
              // Sessions that began earlier than two hours ago are another rule.
              if (now - (began.get(each.sender) ?? now) > 110 * MINUTE) continue;
              const sender = session(`s${each.sender}`, began.get(each.sender));
              ledger.record(each.isClosed ? { ...sender, is_closed: true } : sender, 1);
              if (each.isClosed) open.delete(each.sender);
              else open.set(each.sender, now);
            } else if (each.do === "pass") {
              vi.setSystemTime(now + each.minutes * MINUTE);
            } else if (each.do === "count") {
              const expected = [...open.values()].filter((at) => at >= now - 30 * MINUTE);
              expect(ledger.countOpen()).toBe(expected.length);
            } else {
              write(ledger);
              if (each.do === "restart") ledger = new Ledger(kv);
            }
          }
        }),
      );
    });

    it("has a session that began earlier than two hours ago again after its next push, once", () => {
      const kv = new MemoryKv();
      const old = session("old", NOW - 3 * 60 * MINUTE);
      const before = new Ledger(kv);
      expect(before.countOpen()).toBe(0);
      before.record(old, 1);
      before.record(session("new"), 1);
      expect(before.countOpen()).toBe(2);
      write(before);
      vi.setSystemTime(NOW + MINUTE);
      const restarted = new Ledger(kv);
      expect(restarted.countOpen()).toBe(1);
      vi.setSystemTime(NOW + 2 * MINUTE);
      for (const n of [2, 3]) restarted.record(old, n);
      expect(restarted.countOpen()).toBe(2);
    });

    it("reads no session again after the first time", () => {
      const kv = new MemoryKv();
      const ledger = new Ledger(kv);
      ledger.record(session("one"), 1);
      write(ledger);
      const stored = new Ledger(kv);
      stored.countOpen();
      vi.spyOn(kv, "list").mockImplementation(() => {
        throw new Error("a second read");
      });
      expect(stored.countOpen()).toBe(1);
    });
  });

  it("reads some of the stored senders for a page, even if none of them is active", () => {
    const kv = new MemoryKv();
    const ledger = new Ledger(kv);
    for (let number = 0; number < 15; number += 1)
      for (let length = 1_000; length < 1_350; length += 1)
        ledger.record(session("s".repeat(length), NOW + number * 10_000), 1);
    write(ledger);
    vi.setSystemTime(NOW + 1);
    const last = session("t", NOW + 140_000);
    ledger.record(last, 1);
    write(ledger);
    const stored = new Ledger(kv);
    const { active, next = "" } = stored.activeSince(NOW + 1, "", 10);
    expect([active, isSenderPosition(next)]).toEqual([[], true]);
    expect(stored.activeSince(NOW + 1, next, 10)).toEqual({ active: [{ id: "t", at: NOW + 1 }] });
  });

  it("writes one row for senders that began within ten seconds, and only if one of them has changed", () => {
    const kv = new MemoryKv();
    const ledger = new Ledger(kv);
    for (let sender = 0; sender < 100; sender += 1) ledger.record(session(`s${sender}`, NOW + sender * 90), 1);
    write(ledger);
    expect(kv.writes).toHaveLength(1);
    write(ledger);
    ledger.record(session("other", NOW + 10_000), 1);
    write(ledger);
    expect(kv.writes).toHaveLength(2);
  });

  it("keeps a sender for longer than a client keeps a batch, and then drops it, with the row of its last sender", () => {
    const kv = new MemoryKv();
    const ledger = new Ledger(kv);
    const [quiet, busy] = [session("quiet"), session("busy")];
    for (const sender of [quiet, busy]) ledger.record(sender, 1);
    write(ledger);
    vi.setSystemTime(NOW + 1);
    ledger.record(busy, 2);
    write(ledger);
    vi.setSystemTime(NOW + 7 * DAY);
    write(ledger);
    expect([ledger.latest(quiet), ledger.latest(busy)]).toEqual([1, 2]);
    vi.setSystemTime(NOW + 10 * DAY);
    write(ledger);
    expect([ledger.latest(quiet), ledger.latest(busy)]).toEqual([undefined, 2]);
    vi.setSystemTime(NOW + 10 * DAY + 1);
    write(ledger);
    expect([...kv.list()]).toEqual([]);
  });

  it("checks all rows in turn for senders to drop", () => {
    const kv = new MemoryKv();
    const ledger = new Ledger(kv);
    for (let sender = 0; sender < 30; sender += 1) ledger.record(session(`s${sender}`, NOW + sender * 10_000), 1);
    write(ledger);
    vi.setSystemTime(NOW + 11 * DAY);
    for (let writes = 0; writes < 10; writes += 1) write(ledger);
    expect([...kv.list()]).toEqual([]);
  });

  it("keeps a bounded number of senders in memory", () => {
    const kv = new MemoryKv();
    const ledger = new Ledger(kv);
    for (let sender = 0; sender < 20_001; sender += 1) ledger.record(session(`s${sender}`, NOW + sender), 1);
    write(ledger);
    kv.reads.length = 0;
    expect(ledger.latest(session("s5", NOW + 5))).toBe(1);
    expect(kv.reads).toHaveLength(1);
  });
});
