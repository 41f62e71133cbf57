import type { Consent, ContextStep, Event, View } from "@tidemark/schema";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { VisitorEventContext } from "../../src/records/event-contexts.ts";
import { type Activity, MAX_ACTIONS, MAX_ACTIVITY_BYTES, MAX_VIEWS } from "../../src/session/activity.ts";
import { createActivityLog } from "../../src/session/activity-log.ts";
import { stepsOf } from "../../src/session/activity-steps.ts";
import { encode } from "../../src/session/row-codec.ts";

const BEGIN = 1_700_000_000_000;

const granted: Consent = { measurement: "granted", personalisation: "granted" };
const denied: Consent = { measurement: "granted", personalisation: "denied" };

/** An event of a page view, with the view and the seconds from the start of the session. */
type Step = [second: number, view: string, event: Record<string, unknown>];

const viewOf = (id: string, more: Partial<View> = {}): View => ({
  ...{
    view_id: id,
    started_at: BEGIN,
    url: `https://shop.example/${id[0]}`,
    path: `/${id[0]}`,
    title: `Page ${id[0]}`,
  },
  ...more,
});

/** A view that began at a second. Other views begin with their first event. */
const viewAt = (id: string, second: number): View => viewOf(id, { started_at: BEGIN + 1_000 * second });

const target = (name?: string) => ({ tag: "button", path: "button", ...(name !== undefined && { name }) });

interface Stored {
  activity?: Activity;
  consent?: Consent | undefined;
}

/** Adds a batch. The views of `views` replace the usual ones. */
const add = (stored: Stored, steps: Step[], views: View[] = [], consent: Consent | undefined = stored.consent) => {
  const log = createActivityLog(stored, consent);
  for (const [second, id, event] of steps) {
    const view = views.find(({ view_id }) => view_id === id) ?? viewOf(id);
    const time = BEGIN + 1_000 * second;
    const context = {
      time,
      tab_id: "tab1",
      view,
      view_id: view.view_id,
      view_time_ms: view.started_at === BEGIN ? 0 : time - view.started_at,
    };
    log.add({ seq: 0, time, ...event } as unknown as Event, context as unknown as VisitorEventContext);
  }
  log.finish();
};

const steps = ({ activity }: Stored): ContextStep[] => (activity ? stepsOf(activity) : []);

/** The steps in a few words. */
const words = (stored: Stored): string[] =>
  steps(stored).map((step) =>
    step.step === "view"
      ? `view ${step.path}${step.is_return ? " again" : ""}`
      : `${step.step} ${step.name ?? "-"} ${step.count}`,
  );

const pageView = { type: "page_view", cause: "load" };
const click = (name: string) => ({ type: "click", target: target(name) });

describe("the activity of a session", () => {
  it("has views with engaged time, depth and hesitations so far, and named actions, in the order of time", () => {
    const stored: Stored = {};
    add(stored, [
      [0, "a1", pageView],
      [2, "a1", { type: "dwell", engaged_ms: 1_500 }],
      [3, "a1", { type: "scroll", scroll_depth_percentage: 40.7 }],
      [4, "a1", { type: "hover", target: target("buy"), element_hover_duration: 2_000, clicked: false }],
      [5, "a1", { type: "hover", target: target(), element_hover_duration: 900, clicked: false }],
      [6, "a1", { type: "hover", target: target("buy"), element_hover_duration: 900, clicked: true }],
      [7, "a1", click("basket")],
      [8, "a1", { type: "form_field", form: target(), field: target(), edits: 0 }],
      [9, "a1", { type: "form_field", form: target(), field: target(), edits: 3 }],
      [10, "a1", { type: "form_abandon", form: target("address") }],
      [11, "b1", pageView],
      [12, "b1", { type: "form_submit", form: target() }],
      [13, "b1", { type: "custom", name: "add_to_basket" }],
      [14, "b1", { type: "custom", name: "search", properties: { query: "red shoes" } }],
      [15, "b1", { type: "custom", name: "search", properties: { page: 2 } }],
    ]);
    add(stored, [
      [16, "a1", { type: "dwell", engaged_ms: 9_000 }],
      [17, "a1", { type: "dwell", engaged_ms: 4_000 }],
      [18, "a1", { type: "scroll", scroll_depth_percentage: 12 }],
    ]);
    expect(steps(stored)).toEqual([
      {
        ...{ step: "view", time: BEGIN, path: "/a", title: "Page a", engaged_ms: 9_000, depth_percentage: 40 },
        ...{ hesitations: { hovers: 2, fields: 1, forms: 1 }, is_return: false },
      },
      { step: "hover", time: BEGIN + 4_000, name: "buy", count: 1, duration_ms: 2_000 },
      { step: "click", time: BEGIN + 7_000, name: "basket", count: 1 },
      { step: "form_abandon", time: BEGIN + 10_000, name: "address", count: 1 },
      {
        ...{ step: "view", time: BEGIN + 11_000, path: "/b", title: "Page b" },
        ...{ hesitations: { hovers: 0, fields: 0, forms: 0 }, is_return: false },
      },
      { step: "form_submit", time: BEGIN + 12_000, count: 1 },
      { step: "custom", time: BEGIN + 13_000, name: "add_to_basket", count: 1 },
      { step: "search", time: BEGIN + 14_000, name: "red shoes", count: 1 },
      { step: "custom", time: BEGIN + 15_000, name: "search", count: 1 },
    ]);
  });

  it("is the same for any order of batches", () => {
    const batches: Step[][] = [
      [
        [1, "a1", pageView],
        [2, "a1", click("one")],
      ],
      [
        [3, "a1", { type: "dwell", engaged_ms: 2_000 }],
        [4, "b1", pageView],
      ],
      [
        [5, "b1", click("two")],
        [6, "a2", pageView],
      ],
    ];
    const views = [viewAt("a1", 1), viewAt("b1", 4), viewAt("a2", 6)];
    const inOrder: Stored = {};
    for (const batch of batches) add(inOrder, batch, views);
    expect(words(inOrder)).toEqual(["view /a", "click one 1", "view /b", "click two 1", "view /a again"]);
    for (const order of [
      [2, 1, 0],
      [1, 0, 2],
      [2, 0, 1],
    ]) {
      const stored: Stored = {};
      for (const position of order) add(stored, batches[position] ?? [], views);
      expect(steps(stored)).toEqual(steps(inOrder));
    }
  });

  it("says which views return to a path, unlike a reload", () => {
    const stored: Stored = {};
    add(
      stored,
      ["a1", "a2", "b1", "a3", "b2"].map((id, second): Step => [second, id, pageView]),
    );
    expect(words(stored)).toEqual(["view /a", "view /a", "view /b", "view /a again", "view /b again"]);
  });

  it("counts equal actions that follow each other on a page as one", () => {
    const stored: Stored = {};
    add(stored, [
      [0, "a1", pageView],
      [1, "a1", click("next")],
      [2, "a1", click("next")],
    ]);
    add(stored, [
      [3, "a1", click("next")],
      [4, "b1", pageView],
      [5, "b1", click("next")],
      [6, "b1", { type: "custom", name: "next" }],
      [7, "b1", { type: "hover", target: target("buy"), element_hover_duration: 700, clicked: false }],
      [8, "b1", { type: "hover", target: target("buy"), element_hover_duration: 800, clicked: false }],
    ]);
    expect(words(stored)).toEqual([
      "view /a",
      "click next 3",
      "view /b",
      "click next 1",
      "custom next 1",
      "hover buy 2",
    ]);
    expect(steps(stored).at(-1)).toMatchObject({ duration_ms: 1_500 });
  });

  it("has one action for a video, with its totals so far", () => {
    const stored: Stored = {};
    const video = { media_id: "media1", view_id: "a1", target: target("intro"), plays: 1 };
    add(stored, [
      [0, "a1", { ...video, type: "video_play", watched_ms: 0, watched_percentage: 0 }],
      [5, "a1", { ...video, type: "video_progress", watched_ms: 5_000, watched_percentage: 12.8 }],
    ]);
    add(stored, [
      [9, "a1", { ...video, type: "video_pause", watched_ms: 9_000, watched_percentage: 23, plays: 2 }],
      [9, "a1", { ...video, media_id: "media2", target: target(), type: "video_play", watched_ms: 0 }],
    ]);
    const played = { step: "video", name: "intro", count: 2, duration_ms: 9_000, watched_percentage: 23 };
    expect(steps(stored).slice(1)).toEqual([
      { ...played, time: BEGIN },
      { step: "video", time: BEGIN + 9_000, count: 1, duration_ms: 0 },
    ]);
  });

  it("has the words of a search in the URL once, if the site keeps them", () => {
    const stored: Stored = {};
    const url = "https://shop.example/search?q=red+shoes";
    const views = ["a1", "a2", "a3"].map((id) => viewOf(id, { url }));
    add(
      stored,
      [
        [0, "a1", pageView],
        [1, "a2", { type: "page_view", cause: "back_forward" }],
        [2, "b1", pageView],
        [3, "a3", { type: "page_view", cause: "route" }],
      ],
      views,
    );
    expect(words(stored).filter((each) => each.startsWith("search"))).toEqual([
      "search red shoes 1",
      "search red shoes 1",
    ]);
  });

  it("names a click by data-tm, or else by its label or text, and never by a masked text", () => {
    const stored: Stored = {};
    const clicks = [
      { target: target("basket"), label: "Put into basket", text: "Put" },
      { target: target(), label: "Put into basket", text: "Put" },
      { target: target(), label: "***", text: "Put" },
      { target: target(), label: "***", text: "***" },
      { target: target(), text: "*** ##" },
      { target: target(), text: "" },
      { target: target() },
    ];
    add(
      stored,
      clicks.map((each, second): Step => [second, "a1", { type: "click", ...each }]),
    );
    expect(words(stored).slice(1)).toEqual(["click basket 1", "click Put into basket 1", "click Put 1"]);
  });

  it("adds nothing without consent to personalisation, and is removed when the latest event has none", () => {
    const stored: Stored = { consent: granted };
    add(stored, [[0, "a1", click("one")]]);
    add(stored, [[1, "a1", click("two")]], [], denied);
    expect(words(stored)).toEqual(["view /a", "click one 1"]);
    stored.consent = denied;
    add(stored, [[2, "a1", click("three")]], [], denied);
    expect(stored.activity).toBeUndefined();
    add(stored, [[1, "a1", click("late")]], [], granted);
    expect(stored.activity).toBeUndefined();
    stored.consent = granted;
    add(stored, [[3, "a1", click("four")]]);
    expect(words(stored).at(-1)).toBe("click four 1");
  });
});

/** A name or title of any length in any script. */
const anyName = fc.oneof(
  fc.constantFrom("buy", "basket"),
  fc.string({ unit: "binary", minLength: 1, maxLength: 300 }),
  fc.nat(2_000).map((index) => `${"日本語の題".repeat(30)}${index}`),
);

const anyStep = fc.tuple(
  fc.integer({ min: -600, max: 3_000_000 }),
  fc.nat(60).map((index) => `${String.fromCodePoint(0x61 + (index % 26))}${index}`),
  fc.oneof(
    fc.constant(pageView),
    anyName.map(click),
    anyName.map((name) => ({ type: "custom", name })),
    anyName.map((name) => ({ type: "hover", target: target(name), element_hover_duration: 3e10, clicked: false })),
    fc.constant({ type: "form_field", edits: 0 }),
    fc.nat(3e10).map((engaged_ms) => ({ type: "dwell", engaged_ms })),
    fc.nat(100).map((depth) => ({ type: "scroll", scroll_depth_percentage: depth })),
    fc.record({
      type: fc.constantFrom("video_play", "video_progress"),
      media_id: fc.nat(9).map((index) => `media${index}`),
      view_id: fc.constantFrom("a0", "b1"),
      target: anyName.map(target),
      watched_ms: fc.nat(1e12),
      plays: fc.nat(1e6),
      watched_percentage: fc.option(fc.nat(100), { nil: undefined }),
    }),
  ),
);

describe("the bounds of an activity", () => {
  it("hold for any events, and the latest remain in order", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(anyStep, { maxLength: 60 }), { maxLength: 20 }),
        fc.array(anyName, { minLength: 26, maxLength: 26 }),
        (batches, titles) => {
          const stored: Stored = {};
          for (const batch of batches) {
            const views = batch.map(([, id]) => viewOf(id, { title: titles[id.charCodeAt(0) - 0x61] }));
            add(stored, batch as Step[], views);
            if (!stored.activity) continue;
            const { views: kept, actions, pages, bytes, since } = stored.activity;
            expect(kept.length).toBeLessThanOrEqual(MAX_VIEWS);
            expect(actions.length).toBeLessThanOrEqual(MAX_ACTIONS);
            expect(new Set(kept.map(([, page]) => page))).toEqual(new Set(pages.keys()));
            const packed = lengthOf(stored.activity);
            expect(packed).toBeLessThanOrEqual(bytes);
            expect(packed).toBeLessThanOrEqual(MAX_ACTIVITY_BYTES);
            const times = steps(stored).map(({ time }) => time);
            expect(times).toEqual(times.toSorted((a, b) => a - b));
            expect(since).toBeGreaterThan(0);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("leave it small in a session without a named action", () => {
    const stored: Stored = {};
    for (const [second, id] of ["a1", "b1", "c1", "b2", "d1"].entries())
      add(
        stored,
        [
          [10 * second, id, pageView],
          [10 * second + 2, id, { type: "click", target: target() }],
          [10 * second + 4, id, { type: "dwell", engaged_ms: 4_000 }],
        ],
        [
          viewOf(id, {
            path: `/products/${id[0]}-of-usual-length`,
            title: `A title of usual length of the page ${id[0]}`,
          }),
        ],
      );
    expect(stored.activity?.actions).toEqual([]);
    expect(lengthOf(stored.activity ?? {})).toBeLessThanOrEqual(450);
  });

  it("keep the latest 32 views and 64 actions of usual length, and count the others", () => {
    const stored: Stored = {};
    for (let index = 0; index < 100; index += 1)
      add(stored, [
        [2 * index, `v${index}`, pageView],
        [2 * index + 1, `v${index}`, click(`b${index}`)],
      ]);
    const kept = steps(stored);
    expect(kept.filter(({ step }) => step === "view")).toHaveLength(MAX_VIEWS);
    expect(kept.filter(({ step }) => step === "click")).toHaveLength(MAX_ACTIONS);
    expect(stored.activity?.removed).toBe(200 - MAX_VIEWS - MAX_ACTIONS);
    expect(kept.at(-1)).toMatchObject({ step: "click", name: "b99" });
    add(stored, [[1, "v0", { type: "dwell", engaged_ms: 1 }]]);
    expect(stored.activity?.removed).toBe(200 - MAX_VIEWS - MAX_ACTIONS);
    expect(steps(stored)).toEqual(kept);
  });
});

/** Length of a value in MessagePack, without the padding of a row. */
const lengthOf = (value: object): number => {
  const bytes = encode({ value, end: 0x55 }, 0);
  return bytes.lastIndexOf(0x55) + 1 - 12;
};
