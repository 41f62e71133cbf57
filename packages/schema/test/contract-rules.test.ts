import { describe, expect, it } from "vitest";
import { contractRules } from "./contract-rules.ts";

const rulesOf = (source: string, path: string) =>
  contractRules()
    .filter((rule) => rule.source === source && rule.path.startsWith(path))
    .map(({ path, kind, limit }) => [path, kind, limit ?? ""].join(" ").trim());

describe("the rules derived from the contract", () => {
  it("include names, values and refinements of free-form properties", () => {
    expect(rulesOf("custom", "properties")).toEqual([
      "properties type object",
      "properties.<name> type string",
      "properties.<name> max_length 100",
      "properties.* refine expected JSON with at most 4 levels of nesting",
      "properties refine expected at most 8192 bytes of JSON",
    ]);
  });

  it("include fields of nested objects, of lists, and of the batch", () => {
    expect(rulesOf("click", "target.tag")).toEqual([
      "target.tag required",
      "target.tag type string",
      "target.tag max_length 64",
    ]);
    expect(rulesOf("scroll", "tenths_ms")).toEqual([
      "tenths_ms type list",
      "tenths_ms[] type integer",
      "tenths_ms[] min 0",
      "tenths_ms[] max 31622400000",
      "tenths_ms items 10",
    ]);
    expect(rulesOf("batch", "dropped[].from_seq")).toEqual([
      "dropped[].from_seq required",
      "dropped[].from_seq type integer",
      "dropped[].from_seq min 0",
    ]);
    expect(rulesOf("batch", "views[].color_scheme")).toEqual(['views[].color_scheme enum ["light","dark"]']);
  });

  it("include required fields, patterns and unknown fields of each event type", () => {
    expect(rulesOf("custom", "")[1]).toBe("no_other_fields");
    expect(rulesOf("click", "view_id")).toEqual([
      "view_id required",
      "view_id type string",
      "view_id pattern ^[\\w-]{8,64}$",
    ]);
    expect(rulesOf("custom", "view_id")).not.toContain("view_id required");
  });
});
