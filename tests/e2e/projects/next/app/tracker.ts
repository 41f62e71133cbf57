import { clicks, createTracker, pageViews } from "@tidemark/sdk";

interface Events {
  saved: { sku: string };
}

/** Made wherever this module is loaded: in the browser, while rendering on the server, on the edge. */
export const tracker = createTracker<Events>({
  key: "tm_demo_3f9c1e7ab2d84056",
  endpoint: process.env.NEXT_PUBLIC_COLLECTOR ?? "",
  signals: [pageViews(), clicks()],
});
