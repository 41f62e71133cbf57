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
    // Two open pages may each send what one of them has just captured; all of it again is another matter.
    if (scenario.sentOnce) expect(copies).toBeLessThan(tracked);
  });
});
