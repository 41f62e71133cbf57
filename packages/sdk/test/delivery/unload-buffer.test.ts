import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { newBatch } from "../../src/delivery/batch.ts";
import {
  addBuffered,
  createUnloadBuffer,
  readBuffered,
  removeBuffered,
  type UnloadBuffer,
} from "../../src/delivery/unload-buffer.ts";
import { eventOf, originOf, viewOf } from "./batches.ts";

const items = new Map<string, string>();

beforeEach(() => {
  items.clear();
  const localStorage = {
    getItem: (name: string) => items.get(name) ?? null,
    setItem: (name: string, value: string) => void items.set(name, value),
    removeItem: (name: string) => void items.delete(name),
  };
  vi.stubGlobal("window", { localStorage });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const batches = (count: number) =>
  Array.from({ length: count }, (_, seq) => newBatch(originOf("tab"), eventOf(seq), viewOf("view"), []));
const numbersIn = (buffer: UnloadBuffer) => readBuffered(buffer).map(({ events }) => events[0].seq);

describe("the unload buffer", () => {
  it("returns the batches of all pages, in the order in which they were added", () => {
    const [first, second, third] = batches(3);
    if (!first || !second || !third) throw new Error("expected three batches");
    addBuffered(createUnloadBuffer("tidemark.key"), [first, second]);
    addBuffered(createUnloadBuffer("tidemark.key"), [third]);
    expect(numbersIn(createUnloadBuffer("tidemark.key"))).toEqual([0, 1, 2]);
    expect([...items.keys()]).toEqual(["tidemark.key.unsent"]);
  });

  it("keeps the latest 60", () => {
    const buffer = createUnloadBuffer("tidemark.key");
    addBuffered(buffer, batches(70));
    expect(numbersIn(buffer)).toEqual(Array.from({ length: 60 }, (_, index) => index + 10));
  });

  it.each(["", "{", "0", "{}", "[0, {}]", '[{ "events": [] }]'])("is empty if another script wrote %j", (text) => {
    items.set("tidemark.key.unsent", text);
    const buffer = createUnloadBuffer("tidemark.key");
    expect(readBuffered(buffer)).toEqual([]);
    addBuffered(buffer, batches(1));
    expect(numbersIn(buffer)).toEqual([0]);
  });

  it("has a batch once, however many pages add a copy", () => {
    const buffer = createUnloadBuffer("tidemark.key");
    addBuffered(buffer, batches(2));
    addBuffered(buffer, structuredClone(batches(2)));
    expect(numbersIn(buffer)).toEqual([0, 1]);
  });

  it("loses the removed batches, and none that another page has added since", () => {
    const buffer = createUnloadBuffer("tidemark.key");
    addBuffered(buffer, batches(2));
    const sent = readBuffered(buffer);
    const [, longer] = batches(2);
    longer?.events.push(eventOf(2));
    addBuffered(
      buffer,
      [longer, newBatch(originOf("other"), eventOf(0), viewOf("view"), [])].flatMap((b) => b ?? []),
    );
    removeBuffered(buffer, sent);
    expect(readBuffered(buffer).map(({ tab_id, events }) => [tab_id, events.length])).toEqual([
      ["tab", 2],
      ["other", 1],
    ]);
    removeBuffered(buffer, readBuffered(buffer));
    expect(items.size).toBe(0);
  });

  it("stores nothing where storage is forbidden", () => {
    const buffer = createUnloadBuffer(false);
    addBuffered(buffer, batches(1));
    expect(readBuffered(buffer)).toEqual([]);
    expect(items.size).toBe(0);
  });
});
