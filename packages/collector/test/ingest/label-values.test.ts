import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fieldLabel, releaseLabel } from "../../src/ingest/label-values.ts";

describe("fieldLabel", () => {
  it.each([
    ["", "none"],
    ["time", "time"],
    ["view_id", "view_id"],
    ["target.path", "target.path"],
    ["target.path.x", "target.path"],
    ["properties", "properties"],
    ["properties.anything.at.all", "properties"],
    ["dropped_properties.7", "dropped_properties"],
    ["views.3.url", "views.url"],
    ["made_up", "other"],
    ["made_up.target", "other"],
    ["__proto__", "other"],
    ["constructor", "other"],
  ])("of the path %j is %j", (path, field) => {
    expect(fieldLabel(path)).toBe(field);
  });

  it("has a bounded number of values, whatever clients send", () => {
    const name = fc.oneof(fc.string(), fc.constantFrom("target", "properties", "0", "path", "consent"));
    const values = new Set<string>();
    fc.assert(
      fc.property(fc.array(name), (names) => void values.add(fieldLabel(names.join(".")))),
      { numRuns: 2_000 },
    );
    for (const value of values) expect(value).toMatch(/^[a-z_.]{1,60}$/);
  });
});

describe("releaseLabel", () => {
  it.each(["js/0.1.0", "js/12.3.4", "python/1", "my-app/2.0", "js/1.0.0-beta.2", "test/1"])("keeps %s", (sdk) => {
    expect(releaseLabel(sdk)).toBe(sdk);
  });

  it.each([
    "",
    "js",
    "js/",
    "js/latest",
    "js/1.2.3.4",
    "js/12345",
    "js/1.0.0-a-b",
    "JS/1",
    'js/1"} 1',
    "js/1\n",
    `${"a".repeat(21)}/1`,
  ])("counts %j as other", (sdk) => {
    expect(releaseLabel(sdk)).toBe("other");
  });
});
