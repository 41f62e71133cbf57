import type { SessionVector } from "@tidemark/schema";
import { createTracker, type Tracker, type Vector } from "@tidemark/sdk";
import { useFeatures } from "@tidemark/sdk/react";
import { describe, expectTypeOf, it } from "vitest";

type Typed = Tracker<Record<string, unknown>, Record<string, unknown>, SessionVector>;

describe("features without a declared vector", () => {
  it("may have any name", () => {
    expectTypeOf<ReturnType<Tracker["features"]>>().toEqualTypeOf<Promise<Vector>>();
    expectTypeOf(() => useFeatures().features).returns.toEqualTypeOf<Vector | undefined>();
  });
});

describe("features with a declared vector", () => {
  type Features = Awaited<ReturnType<Typed["features"]>>;
  const live = () => useFeatures<SessionVector>().features;

  it("have the types of their definitions", () => {
    expectTypeOf<Features["event_count"]>().toEqualTypeOf<number>();
    expectTypeOf<Features["entry_path"]>().toEqualTypeOf<string | null>();
    expectTypeOf(live).returns.toEqualTypeOf<SessionVector | undefined>();
  });

  it("make a misspelt name a compile error", () => {
    const read = async (tracker: Typed) => {
      const features = await tracker.features();
      // @ts-expect-error the feature is event_count
      return features.event_counts;
    };
    // @ts-expect-error the feature is event_count
    const misspelt = () => live()?.event_counts;
    expectTypeOf([read, misspelt]).toBeArray();
  });

  it("are those of a page that follows them, or the part that it names", () => {
    const followAll = (tracker: Typed) =>
      tracker.follow((features) => expectTypeOf(features.event_count).toEqualTypeOf<number>());
    const followPart = (tracker: Typed) =>
      tracker.follow((features) => expectTypeOf(features).toEqualTypeOf<Pick<SessionVector, "event_count">>(), {
        features: ["event_count"],
      });
    // @ts-expect-error the feature is event_count
    const misspelt = (tracker: Typed) => tracker.follow(() => {}, { features: ["event_counts"] });
    expectTypeOf([followAll, followPart, misspelt]).toBeArray();
  });

  it("make a tracker that is assignable to any other tracker type", () => {
    expectTypeOf<Typed>().toExtend<Tracker>();
    expectTypeOf(createTracker<object, object, SessionVector>).returns.toExtend<{ sessionId: string }>();
  });
});
