import { expect, it } from "vitest";
import { deriveEventFields } from "../../src/derive/event-fields.ts";
import { eventFieldKinds } from "../../src/features/event-field-kinds.ts";

it("lists the fields of the contract; run `pnpm run docs` after a change", () => {
  expect(eventFieldKinds).toEqual(deriveEventFields());
});
