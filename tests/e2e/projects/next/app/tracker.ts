import { clicks, createTracker, pageViews } from "@tidemark/sdk";

interface Events {
  saved: { sku: string };
}

/** The tracker of each environment that loads this module: the browser, the rendering server, the edge runtime. */
export const tracker = createTracker<Events>({
  key: "tm_demo_3f9c1e7ab2d84056",
  endpoint: process.env.NEXT_PUBLIC_COLLECTOR ?? "",
  signals: [pageViews(), clicks()],
});
