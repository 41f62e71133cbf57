import { createTracker } from "@tidemark/sdk";

/** The smallest program: events of the site's own and nothing else. */
createTracker({ key: "k", endpoint: "/" }).track("hello");
