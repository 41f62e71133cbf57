import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scenarios } from "../delivery/scenarios.ts";
import { startTheatre, type Theatre } from "../delivery/theatre.ts";

let theatre: Theatre;
beforeAll(async () => {
  theatre = await startTheatre();
});
afterAll(() => theatre?.stop());

describe("every event is delivered, and stored once", () => {
  it.each(scenarios)("$name", async (scenario) => {
    const { tracked, stored, copies } = await theatre.play(scenario);
    expect(stored).toBe(tracked);
    expect(copies).toBeLessThanOrEqual(scenario.copiesAtMost ?? Number.POSITIVE_INFINITY);
  });
});
