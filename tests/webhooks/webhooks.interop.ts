import { it } from "vitest";
import { expectReceiver } from "./receiver-in-docs.ts";

/**
 * @shows the receiver in Python of docs/webhooks.md accepts the collector's messages, each once, and no others
 * @needs Python 3.9 or later
 */
it(
  "docs/webhooks.md shows a receiver in Python that accepts the collector's messages, each once, and no others",
  () => expectReceiver("python", "receiver.py", "python3"),
  60_000,
);
