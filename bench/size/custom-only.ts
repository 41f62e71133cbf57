import { createTracker } from "@tidemark/sdk";

/** The smallest program: events of the site's own and nothing else. */
createTracker({ key: "tm_k_12345678", endpoint: "/" }).track("hello");
