import { expect, it } from "vitest";
import { proveSinks } from "../sinks/prove-sinks.ts";

it("the sinks have each acknowledged event, in order and under one id, although the runtime is killed", async () => {
  const { events } = await proveSinks({ kills: 6, splitAfter: Number.MAX_SAFE_INTEGER, within: 20_000 });
  expect(events).toBeGreaterThan(500);
}, 60_000);
