import type { StateLayouts } from "@tidemark/engine";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EntityKey, Push } from "../../src/entities/push.ts";
import {
  collectingPush,
  confirm,
  encode,
  newPushQueue,
  nextPushes,
  type PushQueue,
  sealUnconfirmed,
  unconfirmedDeltas,
} from "../../src/session/pushes.ts";

const layouts = (name: string): StateLayouts => ({ user: { version: 5, accumulators: name } });

/** Counts an event of an entity in the open push. */
const fold = (queue: PushQueue, key: EntityKey = "user:ann"): void => {
  const { deltas } = collectingPush(queue);
  deltas[key] ??= { cells: [0], event_time: null };
  deltas[key].cells = [(deltas[key].cells[0] as number) + 1];
};

/** Decodes pushes as the partition does: a push without layouts has those of the previous push. */
const read = (text: string): Push[] => {
  let latest: StateLayouts | undefined;
  return (JSON.parse(text) as Push[]).map((push) => {
    latest = push.layouts ?? latest;
    return { ...push, ...(latest && { layouts: latest }) };
  });
};

const numbersOf = (pushes: readonly Push[]) => pushes.map(({ n }) => n);

/** A queue of `count` pushes, each sealed by a request without a response. */
const unconfirmed = (count: number): PushQueue => {
  const queue = newPushQueue(0, layouts("a"));
  for (let index = 0; index < count; index += 1) {
    fold(queue);
    nextPushes(queue);
  }
  return queue;
};

describe("collectingPush", () => {
  it("opens one push, and the next one only after the first is sealed", () => {
    const queue = newPushQueue(0, layouts("a"));
    const first = collectingPush(queue);
    expect(collectingPush(queue)).toBe(first);
    expect(first).toEqual({ n: 1, deltas: {} });
    fold(queue);
    nextPushes(queue);
    expect(collectingPush(queue)).toMatchObject({ n: 2 });
  });
});

describe("nextPushes", () => {
  it("seals the open push, which then collects no more deltas", () => {
    const queue = newPushQueue(0, layouts("a"));
    fold(queue);
    const [sent] = nextPushes(queue);
    const before = structuredClone(sent);
    fold(queue);
    expect(sent).toEqual(before);
    expect(numbersOf(nextPushes(queue))).toEqual([1, 2]);
  });

  it("seals at most four pushes while the partition does not respond, and collects later deltas in one more", () => {
    const queue = unconfirmed(10);
    expect(numbersOf(queue.sealed)).toEqual([1, 2, 3, 4]);
    expect(numbersOf(nextPushes(queue))).toEqual([1, 2, 3, 4]);
    expect(queue.open).toMatchObject({ n: 5, deltas: { "user:ann": { cells: [6] } } });
  });

  it("returns nothing for a new queue", () => {
    expect(nextPushes(newPushQueue(0, layouts("a")))).toEqual([]);
  });
});

describe("encode", () => {
  it("writes layouts once for successive pushes that share them", () => {
    const queue = unconfirmed(3);
    const encoded = JSON.parse(encode(queue, nextPushes(queue))) as Push[];
    expect(encoded.map((push) => push.layouts)).toEqual([layouts("a"), undefined, undefined]);
  });

  it("gives each push the layouts it was folded with, also after those of another instance", () => {
    const queue = unconfirmed(2);
    sealUnconfirmed(queue, layouts("b"));
    fold(queue);
    const pushes = nextPushes(queue);
    expect(read(encode(queue, pushes)).map((push) => push.layouts)).toEqual(["a", "a", "b"].map(layouts));
  });

  it("does not change the pushes", () => {
    const queue = unconfirmed(2);
    const before = structuredClone(queue);
    encode(queue, queue.sealed);
    expect(queue).toEqual(before);
  });
});

describe("confirm", () => {
  it("removes confirmed pushes, and keeps later ones", () => {
    const queue = unconfirmed(1);
    const sent = nextPushes(queue);
    fold(queue);
    confirm(queue, sent);
    expect(queue.sealed).toEqual([]);
    expect(numbersOf(nextPushes(queue))).toEqual([2]);
  });
});

describe("sealUnconfirmed", () => {
  it("seals the open push even beyond four, because the previous instance may have sent it", () => {
    const queue = unconfirmed(5);
    sealUnconfirmed(queue, layouts("b"));
    expect(numbersOf(nextPushes(queue))).toEqual([1, 2, 3, 4, 5]);
    expect(queue.open).toBeNull();
  });
});

describe("unconfirmedDeltas", () => {
  it("counts the deltas of all pushes, sealed or open", () => {
    const queue = unconfirmed(1);
    fold(queue);
    fold(queue, "page:/");
    expect(unconfirmedDeltas(queue)).toBe(3);
    expect(unconfirmedDeltas(newPushQueue(0, layouts("a")))).toBe(0);
  });
});

/** A partition that merges each push once: it skips a number that is not greater than the latest merged one. */
const createPartition = () => {
  let latest = 0;
  const counts: Record<string, number> = {};
  return {
    counts,
    apply(pushes: readonly Push[]): void {
      for (const { n, deltas } of pushes) {
        if (n <= latest) continue;
        latest = n;
        for (const [key, { cells }] of Object.entries(deltas)) counts[key] = (counts[key] ?? 0) + (cells[0] as number);
      }
    },
  };
};

type Step =
  | { type: "fold"; key: EntityKey }
  | { type: "send"; outcome: "confirmed" | "request lost" | "response lost" }
  | { type: "restart" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ type: fc.constant("fold"), key: fc.constantFrom("user:ann", "user:bob", "page:/") }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant("send"),
      outcome: fc.constantFrom("confirmed", "request lost", "response lost"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("restart") }) },
) as fc.Arbitrary<Step>;

describe("a queue under any folds, losses and restarts", () => {
  it("delivers each delta to the partition once, in pushes that never change number, content or layouts", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const partition = createPartition();
        const folded: Record<string, number> = {};
        const sent = new Map<number, Push>();
        let instance = 0;
        let queue = newPushQueue(0, layouts("instance 0"));
        let stored = structuredClone(queue);

        const send = (outcome: string) => {
          // A session writes its state before it sends.
          stored = structuredClone(queue);
          const pushes = nextPushes(queue);
          const received = read(encode(queue, pushes));
          received.forEach((push, index) => {
            expect(push.n).toBe((received[0]?.n ?? 0) + index);
            expect(push).toEqual(sent.get(push.n) ?? push);
            sent.set(push.n, push);
          });
          if (outcome !== "request lost") partition.apply(received);
          if (outcome === "confirmed") confirm(queue, pushes);
        };

        for (const each of steps) {
          if (each.type === "fold") {
            fold(queue, each.key);
            folded[each.key] = (folded[each.key] ?? 0) + 1;
            stored = structuredClone(queue);
          } else if (each.type === "send") send(each.outcome);
          else {
            instance += 1;
            queue = structuredClone(stored);
            sealUnconfirmed(queue, layouts(`instance ${instance}`));
          }
          const numbers = numbersOf(queue.open ? [...queue.sealed, queue.open] : queue.sealed);
          expect(numbers).toEqual(numbers.map((_, index) => queue.latest_n - numbers.length + 1 + index));
        }
        while (unconfirmedDeltas(queue) > 0) send("confirmed");
        expect(partition.counts).toEqual(folded);
        expect([...sent.keys()].sort((a, b) => a - b)).toEqual([...sent.keys()].map((_, index) => index + 1));
      }),
      { numRuns: 300 },
    );
  });
});
