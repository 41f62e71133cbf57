import { describe, expectTypeOf, it } from "vitest";
import {
  defineFeatures,
  type PageVector,
  type SessionVector,
  session,
  type UserVector,
  type VectorOf,
} from "../../src/index.ts";

const named = { name: "f", description: "D.", unit: "count" } as const;
const ofSession = { ...named, entity: "session", window: session() } as const;

describe("VectorOf", () => {
  it("derives the type of each value from its definition", () => {
    const features = defineFeatures([
      { ...ofSession, name: "clicks", source: "click", aggregate: { type: "count" } },
      { ...ofSession, name: "longest", source: "hover", aggregate: { type: "max", field: "element_hover_duration" } },
      { ...ofSession, name: "path", source: "page_view", aggregate: { type: "last", field: "view.path" } },
      { ...ofSession, name: "paths", source: "page_view", aggregate: { type: "top_k", k: 2, field: "view.path" } },
      { ...ofSession, name: "started", source: "any", aggregate: { type: "first", field: "time" } },
      { ...ofSession, name: "price", source: "custom", aggregate: { type: "last", field: "properties.price" } },
      { ...named, name: "many", entity: "session", derive: { op: "gt", left: { feature: "clicks" }, right: 3 } },
      { ...named, name: "half", entity: "session", derive: { op: "divide", left: { feature: "clicks" }, right: 2 } },
      {
        ...named,
        name: "capped",
        entity: "session",
        derive: { if: { feature: "many" }, then: 3, else: { op: "min", left: 1, right: 2 } },
      },
    ]);
    expectTypeOf<VectorOf<typeof features>>().toEqualTypeOf<{
      clicks: number | null;
      longest: number | null;
      path: string | null;
      paths: readonly string[] | null;
      started: number | null;
      price: string | number | null;
      many: boolean | null;
      half: number | null;
      capped: number | null;
    }>();
  });

  it("types the vectors of the catalogue", () => {
    expectTypeOf<SessionVector["scroll_depth_30s"]>().toEqualTypeOf<number | null>();
    expectTypeOf<SessionVector["click_frequency"]>().toEqualTypeOf<number | null>();
    expectTypeOf<SessionVector["current_path"]>().toEqualTypeOf<string | null>();
    expectTypeOf<SessionVector["is_bounce"]>().toEqualTypeOf<boolean | null>();
    expectTypeOf<UserVector["clicks_last_minute"]>().toEqualTypeOf<number | null>();
    expectTypeOf<PageVector["page_top_targets"]>().toEqualTypeOf<readonly string[] | null>();
    expectTypeOf<SessionVector["event_count"]>().toEqualTypeOf<number>();
  });
});
