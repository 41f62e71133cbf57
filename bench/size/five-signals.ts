import { clicks, createTracker, dwell, hovers, pageViews, scrollDepth } from "@tidemark/sdk";

/** What most pages want. */
createTracker({
  key: "tm_k_12345678",
  endpoint: "/",
  signals: [pageViews(), clicks(), hovers(), scrollDepth(), dwell()],
});
