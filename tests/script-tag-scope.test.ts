import { createContext, runInContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { bundleScriptTag } from "../scripts/bundle/script-tag.ts";

describe("the script tag", () => {
  it("leaves no variable on the page, in any of its files", async () => {
    const { files } = await bundleScriptTag();
    for (const [name, code] of Object.entries(files)) {
      const page = createContext({ document: {}, performance, window: {} });
      const before = Object.getOwnPropertyNames(page);
      try {
        runInContext(code, page);
      } catch {
        // The script needs more of a page than this context has. Its variables were declared before it ran.
      }
      expect(Object.getOwnPropertyNames(page), name).toEqual(before);
    }
  });
});
