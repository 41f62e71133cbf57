import type { SinkRecord } from "../../src/sinks/sink.ts";

const AT = Date.UTC(2026, 10, 20, 9);

/** An event of a session, with its offset in the partition. */
export const eventAt = (offset: number, more: Record<string, unknown> = {}): SinkRecord => {
  const event = {
    ...{ type: "custom", name: "order", seq: offset, time: AT + offset, properties: { price: 12.5 } },
    ...{ tab_id: "tab0000001", session_id: "shop.session01", anonymous_id: "browser01" },
    ...more,
  };
  const position = { site: "shop", partition: 0, offset, arrival: offset, received_at: AT + 1_000 };
  const record = { kind: "event", v: 1, ...position, event } as unknown as SinkRecord["record"];
  return { id: `shop.session01/tab0000001/${offset}`, key: "shop.session01", record };
};

/** Events with successive offsets. */
export const eventsFrom = (first: number, count: number): SinkRecord[] =>
  Array.from({ length: count }, (_, index) => eventAt(first + index));
