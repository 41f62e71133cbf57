import { clicks, createTracker, dwell, pageViews, scrollDepth } from "@tidemark/sdk";

/** The signals of `five-signals.ts` without `hovers`. */
createTracker({
  key: "tm_k_12345678",
  endpoint: "/",
  signals: [pageViews(), clicks(), scrollDepth(), dwell()],
});
