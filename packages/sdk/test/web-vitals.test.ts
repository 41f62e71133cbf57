import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { WEB_VITALS, webVitalsCopy } from "../../../scripts/bundle/web-vitals.ts";

it("the copy of web-vitals is that of the installed version, with the names in names.ts", () => {
  expect(readFileSync(WEB_VITALS, "utf8")).toBe(webVitalsCopy());
});
