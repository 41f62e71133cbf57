import { createTracker } from "@tidemark/sdk";

/** The smallest program: custom events only. */
createTracker({ key: "tm_k_12345678", endpoint: "/" }).track("hello");
