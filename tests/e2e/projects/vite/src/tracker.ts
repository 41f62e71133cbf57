import { createTracker } from "@tidemark/sdk";
import { clicks } from "@tidemark/sdk/clicks";
import { pageViews } from "@tidemark/sdk/page-views";
import type { events } from "./events.ts";

/** Made wherever this module is loaded, in the browser and on the server. */
export const tracker = createTracker<typeof events>({
  key: "tm_demo_3f9c1e7ab2d84056",
  endpoint: globalThis.document?.querySelector<HTMLMetaElement>("[name=tidemark]")?.content ?? "http://localhost:1",
  signals: [pageViews(), clicks()],
});

/** What must not compile; nobody calls it. */
export const mistakes = () => {
  // @ts-expect-error it is called saved
  tracker.track("safed", { sku: "boots" });
  // @ts-expect-error sku is required
  tracker.track("saved", {});
  // @ts-expect-error a count is a number
  tracker.track("saved", { sku: "boots", count: "2" });
};
