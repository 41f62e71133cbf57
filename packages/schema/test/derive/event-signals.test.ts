import { describe, expect, it } from "vitest";
import { deriveEventSignals } from "../../src/derive/event-signals.ts";
import { eventSignals } from "../../src/features/event-signals.ts";

describe("eventSignals", () => {
  it("equals the signals of the contract (`pnpm run docs` updates it)", () => {
    expect(eventSignals).toEqual(deriveEventSignals());
  });
});
