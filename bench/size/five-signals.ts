import { clicks, createTracker, dwell, hovers, pageViews, scrollDepth } from "@tidemark/sdk";

/** A typical program: the signals that most pages use. */
createTracker({
  key: "tm_k_12345678",
  endpoint: "/",
  signals: [pageViews(), clicks(), hovers(), scrollDepth(), dwell()],
});
