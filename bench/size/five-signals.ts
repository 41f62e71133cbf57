import { clicks, createTracker, dwell, hovers, pageViews, scrollDepth } from "@tidemark/sdk";

/** What most pages want. */
createTracker({
  key: "k",
  endpoint: "/",
  signals: [pageViews(), clicks(), hovers(), scrollDepth(), dwell()],
});
