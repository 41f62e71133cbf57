import { createTracker, type Tracker } from "@tidemark/sdk";
import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";

const options = { key: "tm_demo_12345678", endpoint: "https://collector.example" };

describe("events declared by plain types", () => {
  interface Events {
    add_to_basket: { sku: string; price?: number };
    searched: { words?: string };
    signed_out: undefined;
  }
  const tracker = createTracker<Events, { plan: "free" | "paid" }>(options);

  it("are accepted by the tracker", () => {
    tracker.track("add_to_basket", { sku: "boots" });
    tracker.track("add_to_basket", { sku: "boots", price: 89 });
    tracker.track("searched");
    tracker.track("searched", { words: "boots" });
    tracker.track("signed_out");
    tracker.identify("user-17");
    tracker.identify("user-17", { plan: "paid" });
  });

  it("make a tracker that is assignable to any other tracker type", () => {
    expectTypeOf(tracker).toExtend<Tracker>();
  });

  it("make an undeclared name a compile error", () => {
    // @ts-expect-error the declared name is add_to_basket
    tracker.track("add_to_cart", { sku: "boots" });
  });

  it("make wrong properties a compile error", () => {
    // @ts-expect-error sku is required
    tracker.track("add_to_basket");
    // @ts-expect-error sku is required
    tracker.track("add_to_basket", { price: 89 });
    // @ts-expect-error a price is a number
    tracker.track("add_to_basket", { sku: "boots", price: "89" });
    // @ts-expect-error the declared name is words
    tracker.track("searched", { word: "boots" });
    // @ts-expect-error the event has no properties
    tracker.track("signed_out", { reason: "idle" });
  });

  it("make wrong traits a compile error", () => {
    // @ts-expect-error the plan is not declared
    tracker.identify("user-17", { plan: "gold" });
  });
});

describe("events declared by zod schemas", () => {
  const events = {
    add_to_basket: z.object({ sku: z.string(), price: z.number().optional() }),
    searched: z.object({ words: z.string().default("") }),
    signed_out: z.undefined(),
  };
  const traits = z.object({ plan: z.enum(["free", "paid"]) });
  const tracker = createTracker<typeof events, typeof traits>(options);

  it("are accepted by the tracker in their input form", () => {
    tracker.track("add_to_basket", { sku: "boots", price: 89 });
    tracker.track("searched");
    tracker.track("signed_out");
    tracker.identify("user-17", { plan: "paid" });
  });

  it("make undeclared names and wrong properties and traits a compile error", () => {
    // @ts-expect-error the declared name is add_to_basket
    tracker.track("add_to_cart", { sku: "boots" });
    // @ts-expect-error sku is required
    tracker.track("add_to_basket");
    // @ts-expect-error a price is a number
    tracker.track("add_to_basket", { sku: "boots", price: "89" });
    // @ts-expect-error the declared name is words
    tracker.track("searched", { word: "boots" });
    // @ts-expect-error the event has no properties
    tracker.track("signed_out", { reason: "idle" });
    // @ts-expect-error the plan is not declared
    tracker.identify("user-17", { plan: "gold" });
  });
});

describe("undeclared events", () => {
  it("have any name, and any properties or none", () => {
    const tracker = createTracker(options);
    expectTypeOf(tracker).toEqualTypeOf<Tracker>();
    tracker.track(`step_${1}`);
    tracker.track("step", { number: 1, of: ["a", "b"], deep: { er: null } });
    tracker.identify("user-17", { plan: "gold" });
    // @ts-expect-error properties are an object
    tracker.track("step", "first");
  });

  it("may have declared names with any properties", () => {
    const tracker = createTracker<Record<"step" | "done", unknown>>(options);
    tracker.track("step", { number: 1 });
    tracker.track("done");
    // @ts-expect-error the declared name is step
    tracker.track("stop");
  });
});
