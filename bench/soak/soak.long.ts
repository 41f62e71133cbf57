import { expect, it } from "vitest";
import { soak } from "./soak.ts";

/** Duration of the traffic, in minutes. */
const MINUTES = 10;

it("keeps every acknowledged event, serves what a replay computes, and does not grow, under faults and kills", async () => {
  const { results } = await soak({ minutes: MINUTES });
  expect(results.length).toBeGreaterThan(7);
  expect(results.filter(({ ok }) => !ok)).toEqual([]);
}, 1_500_000);
