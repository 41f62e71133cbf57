import type { CutFile } from "@tidemark/schema/log";
import { describe, expect, it } from "vitest";
import { byManifest, mergeManifest } from "../../src/log/manifest.ts";

const fileOf = (name: string, fields: Partial<CutFile> = {}): CutFile => ({
  name,
  kind: "event",
  site: "shop",
  date: "2026-11-29",
  hour: 9,
  partition: 0,
  first_offset: 1,
  last_offset: 2,
  records: 2,
  bytes: 100,
  min_time: 1,
  max_time: 2,
  ...fields,
});

describe("mergeManifest", () => {
  it("adds files in the order of their names", () => {
    const manifest = mergeManifest(mergeManifest(undefined, [fileOf("c"), fileOf("a")]), [fileOf("b")]);
    expect(manifest.files.map(({ name }) => name)).toEqual(["a", "b", "c"]);
  });

  it("changes nothing for files that it has", () => {
    const manifest = mergeManifest(undefined, [fileOf("a"), fileOf("b")]);
    expect(mergeManifest(manifest, [fileOf("b", { bytes: 5 }), fileOf("a")])).toEqual(manifest);
  });
});

describe("byManifest", () => {
  it("groups files by partition and day", () => {
    const [one, other, next] = [fileOf("a"), fileOf("b", { hour: 10 }), fileOf("c", { date: "2026-11-30" })];
    expect([...byManifest([one, next, other])]).toEqual([
      ["manifest/site=shop/date=2026-11-29/00.json", [one, other]],
      ["manifest/site=shop/date=2026-11-30/00.json", [next]],
    ]);
  });
});
