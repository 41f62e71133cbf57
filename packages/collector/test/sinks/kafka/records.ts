import type { Cut, SinkRecord } from "../../../src/sinks/sink.ts";

/** UTC milliseconds of all cuts. */
export const AT = Date.UTC(2026, 10, 20, 9);

/** An event of a session. */
export const eventRecord = (session: string, seq: number, more: Record<string, unknown> = {}): SinkRecord => {
  const event = {
    ...{ type: "custom", name: "order", seq, time: AT - 5_000, properties: {} },
    ...{ tab_id: "tab1", session_id: session, anonymous_id: `browser of ${session}` },
    ...more,
  };
  const position = { site: "shop", partition: 0, offset: seq, arrival: seq, received_at: AT - 4_000 };
  const record = { kind: "event", v: 1, ...position, event } as unknown as SinkRecord["record"];
  return { id: `${session}/tab1/${seq}`, key: session, record };
};

/** A cut with all records pending. */
export const cutOf = (records: readonly SinkRecord[], id = "shop/0/1-9", at = AT): Cut => ({
  ...{ id, at, records },
  pending: records.map((_, index) => index),
});
