import { createTracker } from "@tidemark/sdk";
import { clicks } from "@tidemark/sdk/clicks";
import { pageViews } from "@tidemark/sdk/page-views";
import type { events } from "./events.ts";

/** The tracker of each environment that loads this module: the browser and the server. */
export const tracker = createTracker<typeof events>({
  key: "tm_demo_3f9c1e7ab2d84056",
  endpoint: globalThis.document?.querySelector<HTMLMetaElement>("[name=tidemark]")?.content ?? "http://localhost:1",
  signals: [pageViews(), clicks()],
});

/** Calls that must not compile. This function is never called. */
export const mistakes = () => {
  // @ts-expect-error the event is named saved
  tracker.track("safed", { sku: "boots" });
  // @ts-expect-error sku is required
  tracker.track("saved", {});
  // @ts-expect-error a count is a number
  tracker.track("saved", { sku: "boots", count: "2" });
};
