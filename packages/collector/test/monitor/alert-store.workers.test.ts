import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { Env } from "../../src/env.ts";
import { AlertStore } from "../../src/monitor/alert-store.ts";
import { History } from "../../src/monitor/history.ts";

const BEGIN = Date.UTC(2026, 10, 30);
const HOUR = 3_600_000;

const newHistory = () => new History(["tidemark_sink_paused"], 2);

const key = (sink: number) => `tidemark_sink_paused{sink="${sink}"}`;

const withStorage = (name: string, test: (storage: DurableObjectStorage) => void): Promise<void> =>
  runInDurableObject((env as unknown as Env).SCHEDULE.getByName(name), (_, { storage }) => test(storage));

it("a stored history has the values of each series, also after series have taken the places of others", async () => {
  await withStorage("history with moves", (storage) => {
    const [store, history] = [new AlertStore(storage), newHistory()];
    store.readHistory(history);
    const add = (hours: number, values: Record<string, number>) => {
      history.add(BEGIN + hours * HOUR, values);
      store.writeHistory(history);
    };
    add(0, { [key(1)]: 1, [key(2)]: 2 });
    add(20, { [key(2)]: 20 });
    // The first series is in no snapshot any more.
    add(26, { [key(2)]: 26 });
    add(26.1, { [key(2)]: 27, [key(3)]: 30 });
    expect(history.moves).toBe(1);

    const restored = newHistory();
    new AlertStore(storage).readHistory(restored);
    const values = restored
      .series("tidemark_sink_paused")
      .map((each) => [each.labels.sink, ...[20, 26, 26.1].map((hours) => restored.latest(each, BEGIN + hours * HOUR))]);
    expect(values).toEqual([
      ["2", 20, 26, 27],
      ["3", undefined, undefined, 30],
    ]);
  });
});

it("a state is written when it changes, and not for its value alone", async () => {
  await withStorage("states", (storage) => {
    const store = new AlertStore(storage);
    const state = {
      ...{ key: "A", alert: "A", severity: "page" as const, labels: {}, summary: "A.", value: 1 as number | null },
      ...{ holdsSince: BEGIN, firesSince: null, resolvedAt: null, notified: {} },
    };
    store.writeStates([state]);
    store.writeStates([{ ...state, value: 2 }]);
    expect(new AlertStore(storage).states()).toEqual([state]);
    const firing = { ...state, value: 3, firesSince: BEGIN + 1 };
    store.writeStates([firing]);
    expect(new AlertStore(storage).states()).toEqual([firing]);
    store.writeStates([]);
    expect(new AlertStore(storage).states()).toEqual([]);
  });
});
