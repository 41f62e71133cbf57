import { afterEach, expect, it, vi } from "vitest";
import { newBatch } from "../../src/delivery/batch.ts";
import { debug } from "../../src/events/debug.ts";
import { createEmitter } from "../../src/events/emitter.ts";
import type { TrackerEventMap } from "../../src/events/tracker-events.ts";
import { eventOf, originOf, viewOf } from "../delivery/batches.ts";

afterEach(() => void vi.restoreAllMocks());

it("logs batches without the token of their user, and the page receives them whole", () => {
  const info = vi.spyOn(console, "info").mockReturnValue();
  const { on, emit } = createEmitter<TrackerEventMap>();
  debug({ on });
  const received: unknown[] = [];
  on("acknowledged", (response) => received.push(response));
  const batch = newBatch(originOf("tab", { user_id: "ann", user_token: "vouched" }), eventOf(0), viewOf("view"), []);
  emit("acknowledged", { accepted: 1, duplicates: 0, rejected: [], ...batch });
  emit("rejected", { ...batch, code: "invalid_batch", message: "no" });
  expect(JSON.stringify(info.mock.calls)).toContain("ann");
  expect(JSON.stringify(info.mock.calls)).not.toContain("vouched");
  expect(received).toMatchObject([{ user_token: "vouched" }]);
});
