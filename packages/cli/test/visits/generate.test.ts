import { asOf } from "@tidemark/engine";
import { batch, defaultFeatures, event as eventSchema } from "@tidemark/schema";
import { describe, expect, it } from "vitest";
import { generateVisits } from "../../src/visits/generate.ts";
import { probabilityOf } from "../../src/visits/visit.ts";

const from = Date.UTC(2026, 9, 1);
const options = { site: "shop", sessions: 400, seed: 3, from, to: from + 30 * 86_400_000 };
const visits = [...generateVisits(options)];
const decisions = visits.map(({ decision }) => decision);

describe("generated visits", () => {
  it("are the same for the same seed, and others for another", () => {
    expect([...generateVisits(options)]).toEqual(visits);
    expect([...generateVisits({ ...options, seed: 4 })]).not.toEqual(visits);
  });

  it("fit the contract, as batches with the context of their events", () => {
    for (const { records } of visits) {
      for (const [index, { event }] of records.entries()) {
        const { session_id, anonymous_id, user_id, tab_id, traffic, view, view_time_ms, ...captured } = event;
        const own = event.type === "identify" ? { ...captured, user_id } : captured;
        expect(eventSchema.safeParse(own).error).toBeUndefined();
        const envelope = { v: 1, key: "tm_shop_aaaaaaaa", sent_at: own.time, sdk: "test", views: view ? [view] : [] };
        const ids = { session_id, anonymous_id, user_id, tab_id, traffic };
        expect(batch.safeParse({ ...envelope, ...ids, events: [own] }).error).toBeUndefined();
        expect([own.seq, view_time_ms]).toEqual([index, view ? own.time - view.started_at : undefined]);
      }
      expect(records.map(({ event }) => event.time)).toEqual(
        records.map(({ event }) => event.time).toSorted((a, b) => a - b),
      );
    }
  });

  it("decide by the features that the engine computes as of the decision", () => {
    const events = visits.flatMap(({ records }) => records.map(({ event }) => event));
    const spine = decisions.map(({ id, as_of }) => ({ entity: "session", id, as_of }));
    asOf(events, defaultFeatures, spine).forEach((vector, index) => {
      const { features, probability } = decisions[index] as (typeof decisions)[number];
      expect(vector).toMatchObject(features);
      expect(probability).toBe(probabilityOf(features));
    });
  });

  it("buy as often as their probabilities say, apart from tests and people of the site", () => {
    const visitors = visits.filter(({ records }) => records[0]?.event.traffic === undefined);
    const expected = visitors.reduce((sum, { decision }) => sum + decision.probability, 0);
    const variance = visitors.reduce((sum, { decision: { probability: p } }) => sum + p * (1 - p), 0);
    const purchases = visitors.filter(({ decision }) => decision.purchase);
    expect(Math.abs(purchases.length - expected)).toBeLessThan(3 * Math.sqrt(variance));
    for (const { records, decision } of purchases) {
      const bought = records.filter(({ event }) => event.type === "custom" && event.name === "purchase");
      expect(bought.map(({ event }) => event.time > decision.as_of)).toEqual([true]);
    }
    const kinds = new Set(visits.map(({ records }) => records[0]?.event.traffic));
    expect(kinds).toEqual(new Set([undefined, "test", "internal"]));
  });

  it("return, and are known from a purchase on", () => {
    const users = visits.map(({ records }) => records[0]?.event.user_id).filter((user) => user !== undefined);
    expect(users.length).toBeGreaterThan(10);
  });
});
