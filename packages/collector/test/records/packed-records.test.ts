import type { Event, View } from "@tidemark/schema";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { recordsAfter, sizeOfRecords } from "../../src/records/frames.ts";
import { type AcceptedEvents, packEvents, packVector, unpackRecords } from "../../src/records/packed-records.ts";

const view: View = { view_id: "view0001", started_at: 1_000, url: "https://shop.example/a?b=c" };

const envelope = {
  ...{ v: 1, key: "tm_shop_aaaaaaaa", sent_at: 5_000, session_id: "shop.session-1", anonymous_id: "in the batch" },
  ...{ user_id: "ann", tab_id: "tab-1", sdk: "js/0.1.0", views: [view] },
};

const custom = (seq: number, time = 2_000 + seq): Event => ({ type: "custom", seq, time, name: `é"\n${seq}` });

const accepted = (events: Event[], more: Partial<AcceptedEvents> = {}): AcceptedEvents => ({
  ...{ push: 3, arrival: 11, received_at: 9_000, anonymous_id: "in the cookie" },
  events,
  times: events.map(({ time }) => time + 500),
  text: { envelope: JSON.stringify(envelope), events: JSON.stringify(events) },
  ...more,
});

const unpack = (bytes: Uint8Array) => [...unpackRecords(bytes)];

/** Joins packed records, as a session does. */
const joined = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

describe("packed events", () => {
  it("are events with their context: corrected time, view, visitor and session", () => {
    const click = { ...custom(1), view_id: "view0001" };
    const [, record] = unpack(packEvents(accepted([custom(0), click])));
    expect(record).toEqual({
      kind: "event",
      arrival: 12,
      received_at: 9_000,
      v: 1,
      event: {
        ...click,
        time: 2_501,
        tab_id: "tab-1",
        view: { ...view, path: "/a" },
        view_time_ms: 1_001,
        session_id: "shop.session-1",
        anonymous_id: "in the cookie",
        user_id: "ann",
      },
    });
  });

  it("have the traffic of their batch", () => {
    const text = { envelope: JSON.stringify({ ...envelope, traffic: "test" }), events: JSON.stringify([custom(0)]) };
    const [record] = unpack(packEvents(accepted([custom(0)], { text })));
    expect(record).toMatchObject({ event: { traffic: "test" } });
  });

  it("keep any times", () => {
    const event = fc.record({
      time: fc.double({ min: 0, max: 1e13, noNaN: true }),
      corrected: fc.double({ min: 0, max: 1e13, noNaN: true }),
      shift: fc.integer(),
    });
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 20 }), fc.boolean(), (all, areShifted) => {
        const events = all.map(({ time }, seq) => custom(seq, time));
        const times = all.map(({ time, corrected }) => (areShifted ? time + (all[0]?.shift ?? 0) : corrected));
        const found = unpack(packEvents(accepted(events, { times })));
        expect(found.map((each) => each.kind === "event" && [each.event.seq, each.event.time, each.arrival])).toEqual(
          times.map((time, seq) => [seq, time, 11 + seq]),
        );
      }),
    );
  });

  it("have an envelope with any white space", () => {
    const text = { envelope: JSON.stringify(envelope, null, 2), events: JSON.stringify([custom(0)]) };
    const [record] = unpack(packEvents(accepted([custom(0)], { text })));
    expect(record).toMatchObject({ event: { ...custom(0), time: 2_500, session_id: "shop.session-1" } });
  });

  it("of several pushes can be divided by the number of the push", () => {
    const packed = joined(...[1, 2, 3].map((push) => packEvents(accepted([custom(push)], { push }))));
    const seqs = (bytes?: Uint8Array) =>
      unpack(bytes ?? new Uint8Array()).map((each) => each.kind === "event" && each.event.seq);
    expect([0, 1, 3].map((after) => seqs(recordsAfter(packed, after)))).toEqual([[1, 2, 3], [2, 3], []]);
    expect(sizeOfRecords(packed).count).toBe(3);
  });

  it("of a small batch take less than half of its text", () => {
    const click = { ...custom(1), view_id: "view0001" };
    const { length } = packEvents(accepted([custom(0), click]));
    expect(length).toBeLessThan(JSON.stringify({ ...envelope, events: [custom(0), click] }).length / 2);
  });
});

it("a packed vector is a record of its session", () => {
  const delivery = { received: 2, duplicates: 0, rejected: 0, dropped: 0, missing: 0 };
  const counts = { version: 1, closed_at: 8_000, event_time: 2_000, late: 0, too_late: 0 };
  const vector = {
    session_id: "shop.s",
    anonymous_id: "browser-1",
    definition_version: "0123",
    features: { clicks: 2 },
  };
  const [record] = unpack(packVector({ push: 1, arrival: 3, received_at: 8_000 }, { ...counts, ...vector, delivery }));
  expect(record).toEqual({
    ...{ kind: "vector", entity: "session", id: "shop.s", arrival: 3, received_at: 8_000, delivery },
    ...counts,
    ...vector,
  });
});
