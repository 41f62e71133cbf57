import { describe, expect, it } from "vitest";
import { deriveEventFields } from "../../src/derive/event-fields.ts";
import { eventFieldKinds } from "../../src/features/event-field-kinds.ts";

describe("eventFieldKinds", () => {
  it("equals the fields of the contract (`pnpm run docs` updates it)", () => {
    expect(eventFieldKinds).toEqual(deriveEventFields());
  });
});
