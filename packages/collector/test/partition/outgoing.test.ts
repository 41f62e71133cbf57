import { type Feature, lifetime } from "@tidemark/schema";
import { describe, expect, it } from "vitest";
import { compileFeatures } from "../../src/compile-features.ts";
import { decodeDeltas, type EntityRow } from "../../src/entities/merge.ts";
import type { Push } from "../../src/entities/push.ts";
import { OutgoingPushes } from "../../src/partition/outgoing.ts";

const clicks: Feature = {
  ...{ name: "page_clicks", description: "D.", unit: "count", entity: "page", source: "click" },
  ...{ aggregate: { type: "count" }, window: lifetime() },
} as const;
const definitions = compileFeatures([clicks]);

/** The rows that a shard receives for these rows of a partition. */
const received = async (...rows: EntityRow[]): Promise<EntityRow[]> => {
  const texts: string[] = [];
  const outgoing = new OutgoingPushes(async (text) => {
    texts.push(text);
  }, definitions.layouts);
  rows.forEach((row, index) => {
    outgoing.add(index + 1, { after: index, since: index }, [[`page:/${index}`, row]]);
  });
  await outgoing.send();
  const pushes = texts.flatMap((text) => JSON.parse(text) as Push[]);
  return [...decodeDeltas(pushes, 0, definitions)].map(({ delta }) => delta);
};

describe("the deltas of a push to a shard", () => {
  it("are those of the partition, with all that their features depend on", async () => {
    const { engine } = definitions.rollups.get("page") ?? {};
    if (!engine) throw new Error("no engine");
    const rowOf = (signals: string | undefined): EntityRow => {
      const state = engine.emptyState();
      const view = { view_id: "view0001", started_at: 0, url: "u", ...(signals !== undefined && { signals }) };
      const event = { type: "custom", name: "n", seq: 0, time: 5, view_id: "view0001" } as const;
      engine.fold(state, event, { ...event, tab_id: "tab", view });
      return { engine: { ...state, late: 1 }, anonymous_ids: ["browser-1"] };
    };
    const rows = [rowOf("hovers"), rowOf("clicks"), rowOf(undefined)];
    const decoded = await received(...rows);
    expect(decoded).toEqual(rows);
    expect(decoded.map((row) => engine.vector(row.engine, 5).page_clicks)).toEqual([null, 0, 0]);
  });
});
