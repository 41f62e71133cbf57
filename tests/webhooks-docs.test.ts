import { describe, expect, it } from "vitest";
import { RETRY_AFTER_MS } from "../packages/collector/src/webhooks/retry.ts";
import { readDocs } from "./e2e/code-in-docs.ts";
import { expectReceiver } from "./webhooks/receiver-in-docs.ts";

const UNITS: Record<string, number> = { second: 1_000, minute: 60_000, hour: 3_600_000 };

describe("docs/webhooks.md", () => {
  it("shows a receiver in Node that accepts the collector's messages, each once, and no others", () =>
    expectReceiver("ts", "receiver.ts", process.execPath));

  it("lists the times between attempts", () => {
    const rows = [...readDocs("webhooks.md").matchAll(/^\| (\d) \| (\d+) (second|minute|hour)s? \|$/gm)];
    expect(rows.map(([, , amount, unit = ""]) => Number(amount) * (UNITS[unit] ?? 0))).toEqual(RETRY_AFTER_MS);
    expect(rows.map(([, attempt]) => Number(attempt))).toEqual(RETRY_AFTER_MS.map((_, index) => index + 2));
  });
});
