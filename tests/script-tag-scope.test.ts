import { createContext, runInContext } from "node:vm";
import { expect, it } from "vitest";
import { bundleScriptTag } from "../scripts/bundle/script-tag.ts";

it("no file of the script tag leaves a variable on the page", async () => {
  const { files } = await bundleScriptTag();
  for (const [name, code] of Object.entries(files)) {
    const page = createContext({ document: {}, performance, window: {} });
    const before = Object.getOwnPropertyNames(page);
    try {
      runInContext(code, page);
    } catch {
      // It asks for more of a page than there is. Its variables were declared before it ran.
    }
    expect(Object.getOwnPropertyNames(page), name).toEqual(before);
  }
});
