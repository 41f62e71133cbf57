import { describe, expect, it } from "vitest";
import { batchResponse } from "../src/index.ts";

const stored = { accepted: 1, duplicates: 0, rejected: [] };

describe("the response to a batch", () => {
  it.each([
    ["an older collector's", stored],
    [
      "acknowledged numbers",
      {
        ...stored,
        tab: {
          acknowledged: [
            [0, 4],
            [6, 6],
          ],
        },
      },
    ],
    ["unknown keys", { ...stored, reactions: [], tab: { acknowledged: [], next: 1 } }],
    [
      "a rejected event with a new code",
      { ...stored, rejected: [{ index: 0, code: "new", path: "", message: "No." }] },
    ],
  ])("may have %s fields", (_, response) => {
    expect(batchResponse.safeParse(response).success).toBe(true);
  });

  it.each([
    ["nothing", {}],
    ["no number of accepted events", { ...stored, accepted: undefined }],
    ["no number of duplicates", { ...stored, duplicates: undefined }],
    ["no rejected events", { ...stored, rejected: undefined }],
    ["a text as a number", { ...stored, accepted: "1" }],
    ["an error", { error: { code: "internal", message: "No." } }],
    ["a list", [stored]],
    ["text", "ok"],
    ["a half of a range", { ...stored, tab: { acknowledged: [[0]] } }],
  ])("has not the form of %s", (_, response) => {
    expect(batchResponse.safeParse(response).success).toBe(false);
  });
});
