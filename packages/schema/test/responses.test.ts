import { describe, expect, it } from "vitest";
import { batchResponse, errorCodes, errorResponse } from "../src/index.ts";

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
    ["unknown keys", { ...stored, reactions: [], more: 1, tab: { acknowledged: [], next: 1 } }],
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

describe("the response with an error", () => {
  const body = (code: unknown, more = {}) => ({ error: { code, message: "No.", ...more }, ...more });

  it.each([...Object.keys(errorCodes), "a_newer_code"])("may have the code %s, and unknown keys", (code) => {
    expect(errorResponse.safeParse(body(code)).success).toBe(true);
    expect(errorResponse.safeParse(body(code, { retry: true })).success).toBe(true);
  });

  it.each([
    ["a number as the code", body(404)],
    ["the code of another service", body("ResourceNotFound")],
    ["no code", body(undefined)],
    ["no message", { error: { code: "internal" } }],
    ["text as the error", { error: "not_found" }],
    ["nothing", {}],
    ["a list", []],
  ])("has not the form of %s", (_, response) => {
    expect(errorResponse.safeParse(response).success).toBe(false);
  });
});
