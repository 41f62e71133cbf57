import type { ErrorCode, RejectionCode } from "@tidemark/schema";
import { describe, expect, it } from "vitest";
import { fixOf } from "../../src/options/fixes.ts";

/** The codes of rejections that a change of the site prevents. */
const PREVENTABLE: (ErrorCode | RejectionCode)[] = [
  ...(["unknown_key", "origin_not_allowed", "no_consent", "foreign_session"] as const),
  ...(["unknown_type", "unknown_field", "missing_field", "invalid_field", "not_an_object"] as const),
];

describe("the fix of a rejection", () => {
  it.each(PREVENTABLE)("exists for %s", (code) => {
    expect(fixOf(code)).toMatch(/^[a-z]/);
  });

  it("does not exist for other codes", () => {
    for (const code of ["unavailable", "added_later", "constructor"]) expect(fixOf(code)).toBeUndefined();
  });
});
