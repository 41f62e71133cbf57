import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { engineNames } from "../browsers/browser.ts";
import { startTheatre, type Theatre } from "./delivery-rig.ts";
import { playedIn } from "./played-in.ts";

let theatre: Theatre;
beforeAll(async () => {
  theatre = await startTheatre();
});
afterAll(() => theatre?.stop());

// The engines beside each other: scenarios mostly wait.
describe.concurrent.each(engineNames)("every event is delivered, and stored once: %s", (engine) => {
  it.each(playedIn(engine).filter(({ isLong }) => engine === "chromium" || !isLong))(
    "$name",
    { concurrent: false },
    async (scenario) => {
      const { tracked, stored, copies } = await theatre.play(engine, scenario);
      expect(stored).toBe(tracked);
      expect(copies).toBeLessThanOrEqual(scenario.copiesAtMost ?? Number.POSITIVE_INFINITY);
    },
  );
});
