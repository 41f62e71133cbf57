import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { GroupCommit } from "../src/group-commit.ts";
import { settle, useVirtualTime, type VirtualTime } from "./entities/virtual-time.ts";

let time: VirtualTime;
let groups: number[][];
let fails: boolean;
beforeEach(() => {
  time = useVirtualTime();
  groups = [];
  fails = false;
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const create = () =>
  new GroupCommit<number>((group) => {
    if (fails) throw new Error("the storage is full");
    groups.push(group);
  });

/** Adds an item as a call does. Resolves when the item is written. */
const call = async (commit: GroupCommit<number>, item: number) => {
  commit.add(item);
  await commit.pending;
};

const isWritten = (item: number) => groups.flat().includes(item);

describe("a group commit", () => {
  it("writes immediately when idle, and then once in a quarter of a second", async () => {
    const commit = create();
    const [first, second, third] = [
      call(commit, 1),
      settle().then(() => call(commit, 2)),
      settle().then(() => call(commit, 3)),
    ];
    await first;
    expect(groups).toEqual([[1]]);
    await settle();
    expect(time.due().map((at) => at - Date.now())).toEqual([250]);
    await time.advance(249);
    expect(groups).toHaveLength(1);
    await time.advance(1);
    await Promise.all([second, third]);
    expect(groups).toEqual([[1], [2, 3]]);
    expect(commit.pending).toBeUndefined();
  });

  it("resolves no call before its item is written, when many calls continue after the same event", async () => {
    const commit = create();
    const opened = Promise.resolve();
    const calls = Array.from({ length: 20 }, async (_, item) => {
      await opened;
      await call(commit, item);
      return isWritten(item);
    });
    await settle();
    await time.advance(250);
    expect(await Promise.all(calls)).toEqual(calls.map(() => true));
  });

  it("writes nothing after a failed write, and rejects the calls of its group and all later ones", async () => {
    const commit = create();
    await call(commit, 0);
    const group = [call(commit, 1), call(commit, 2)].map((each) => each.catch((error: Error) => error.message));
    fails = true;
    await time.advance(250);
    fails = false;
    const later = call(commit, 3).catch((error: Error) => error.message);
    await time.advance(1_000);
    expect(await Promise.all([...group, later])).toEqual(Array(3).fill("the storage is full"));
    expect([groups, commit.hasFailed]).toEqual([[[0]], true]);
  });

  it("waits at most a quarter of a second after the clock was set back", async () => {
    const commit = create();
    await call(commit, 1);
    vi.setSystemTime(Date.now() - 3_600_000);
    const second = call(commit, 2);
    await time.advance(250);
    await second;
    expect(groups).toEqual([[1], [2]]);
  });
});
