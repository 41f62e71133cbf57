import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { browserLabel, fieldLabel, releaseLabel } from "../../src/ingest/label-values.ts";

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

describe("browserLabel", () => {
  const WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)";
  const IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)";

  it.each([
    ["chrome", `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/143.0.0.0 Safari/537.36`],
    ["chrome", `${IPHONE} CriOS/143.0.7499.0 Mobile/15E148 Safari/604.1`],
    ["edge", `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0`],
    ["edge", `Mozilla/5.0 (Linux; Android 10; K) ${WEBKIT} Chrome/143.0.0.0 Mobile Safari/537.36 EdgA/143.0.0.0`],
    ["opera", `Mozilla/5.0 (X11; Linux x86_64) ${WEBKIT} Chrome/142.0.0.0 Safari/537.36 OPR/126.0.0.0`],
    [
      "samsung",
      `Mozilla/5.0 (Linux; Android 10; K) ${WEBKIT} SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36`,
    ],
    ["firefox", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"],
    ["firefox", `${IPHONE} FxiOS/145.0 Mobile/15E148 Safari/604.1`],
    ["safari", `${IPHONE} Version/26.1 Mobile/15E148 Safari/604.1`],
    ["other", `${IPHONE} Mobile/15E148`],
    ["other", "curl/8.14.1"],
    ["other", ""],
    ["other", undefined],
  ])("is %s for %s", (family, userAgent) => {
    expect(browserLabel(userAgent)).toBe(family);
  });
});
