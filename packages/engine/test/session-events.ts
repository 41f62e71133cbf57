import type { View } from "@tidemark/schema";
import type { LoggedEvent } from "../src/logged-event.ts";

/** Creates a generator of uniform numbers from 0 up to 1, which repeats for the same seed (mulberry32). */
const randomOf = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** Frequency of each type of event while a visitor reads a page, in thousandths. */
const MIX = {
  scroll: 260,
  dwell: 250,
  hover: 190,
  click: 130,
  web_vital: 40,
  video_progress: 40,
  element_dwell: 25,
  form_field: 20,
  custom: 15,
  video_play: 10,
  selection: 10,
  error: 5,
  video_complete: 5,
} as const;

const KINDS = Object.entries(MIX).flatMap(([kind, share]) => new Array<keyof typeof MIX>(share).fill(kind as "scroll"));

/**
 * Generates the events of one endless session, in order. The visitor reads in two tabs and views a page about every
 * thirty events; about half of these pages are new. Paths and ids are as long as real ones.
 */
export function* sessionEvents(seed = 1, begin = 1_800_000_000_000): Generator<LoggedEvent, never> {
  const random = randomOf(seed);
  const upTo = (most: number) => Math.floor(random() * most);
  const identity = { session_id: `shop.${seed}session4k9`, anonymous_id: `browser-${seed}-q7w3e5r1` };
  const tabs = ["tab-a1b2c3d4", "tab-e5f6g7h8"].map((tab_id) => ({
    tab_id,
    seq: 0,
    view: undefined as View | undefined,
  }));
  let time = begin;
  let pages = 0;
  for (;;) {
    time += upTo(1_500);
    const tab = tabs[random() < 0.8 ? 0 : 1] as (typeof tabs)[number];
    const isNewView = tab.view === undefined || random() < 0.03;
    if (isNewView) {
      pages += 1;
      const path = `/articles/${random() < 0.5 ? upTo(20) : pages}/what-a-visitor-reads-on-a-long-evening-by-the-sea`;
      const url = `https://shop.example${path}`;
      tab.view = {
        view_id: `view-${seed}-${pages}-x8`,
        started_at: time,
        url,
        path,
        referrer: "https://search.example/",
      };
    }
    const view = tab.view as View;
    const since = time - view.started_at;
    const { view_id } = view;
    const common = { ...identity, tab_id: tab.tab_id, seq: tab.seq++, time, view_id, view, view_time_ms: since };
    if (isNewView) {
      yield { ...common, type: "page_view", cause: "load" };
      continue;
    }
    const target = {
      tag: "a",
      id: `link-${upTo(40)}`,
      path: `main > article:nth-child(${upTo(9)}) > p > a.link-${upTo(40)}`,
    };
    const place = { x: upTo(1200), y: upTo(800), pointer_type: "mouse" } as const;
    const kind = KINDS[upTo(1000)] as keyof typeof MIX;
    switch (kind) {
      case "scroll":
        yield {
          ...common,
          type: kind,
          scroll_depth_percentage: Math.min(100, Math.round((10 + since / 600) * 100) / 100),
          scroll_depth_px: 900 + Math.floor(since / 10),
          scroll_depth_delta_px: upTo(300),
          scroll_percentage: random() * 100,
          reversals: Math.floor(since / 4_000),
          depth_reached_ms: Math.floor(since * 0.9),
          viewport_height: 900,
          content_height: 6_000,
          velocity_max: upTo(9_000),
        };
        break;
      case "dwell":
        yield {
          ...common,
          type: kind,
          visible_ms: since,
          focused_ms: Math.floor(since * 0.9),
          active_ms: Math.floor(since * 0.7),
          engaged_ms: Math.floor(since * 0.6),
          engaged_delta_ms: upTo(1_500),
          idle_after_ms: 5_000,
          rule_version: 1,
        };
        break;
      case "hover":
        yield {
          ...common,
          ...place,
          type: kind,
          target,
          element_hover_duration: 300 + upTo(4_000),
          clicked: random() < 0.2,
        };
        break;
      case "click":
        yield {
          ...common,
          ...place,
          type: kind,
          target,
          page_x: place.x,
          page_y: place.y + 3_000,
          button: 0,
          link: random() < 0.7 ? "internal" : "outbound",
          burst: 1 + upTo(4),
          response: random() < 0.9 ? "mutation" : "none",
          response_ms: upTo(2_500),
        };
        break;
      case "web_vital":
        yield {
          ...common,
          type: kind,
          metric: (["LCP", "INP", "CLS", "FCP", "TTFB"] as const)[upTo(5)] ?? "LCP",
          metric_id: `v5-${upTo(1e9)}`,
          value: random() * 4_000,
          delta: random() * 400,
          rating: "good",
          navigation_type: "navigate",
        };
        break;
      case "video_progress":
      case "video_play":
      case "video_complete":
        yield {
          ...common,
          type: kind,
          media_id: "media-0001",
          kind: "video",
          target,
          position_ms: since,
          duration_ms: 60_000,
          watched_ms: Math.min(60_000, since),
          watched_percentage: Math.min(100, since / 600),
          played_ms: since,
          ranges: [[0, since]],
          plays: 1,
          seeks: 0,
          playback_rate: 1,
          muted: false,
        };
        break;
      case "element_dwell":
        yield { ...common, type: kind, target, visible_ms: since, longest_ms: since, stays: 1, share_max: 100 };
        break;
      case "form_field":
        yield {
          ...common,
          type: kind,
          form: target,
          field: target,
          field_type: "text",
          focus_ms: upTo(9_000),
          edits: upTo(40),
        };
        break;
      case "selection":
        yield { ...common, type: kind, action: random() < 0.5 ? "copy" : "select", length: upTo(200), target };
        break;
      case "error":
        yield { ...common, type: kind, kind: "error", error_type: "TypeError", error_count: 1 };
        break;
      case "custom":
        yield { ...common, type: kind, name: `event_${upTo(30)}`, properties: { price: upTo(10_000) / 100 } };
        break;
    }
  }
}

/** Returns the first `count` events of the session of {@link sessionEvents}. */
export const firstSessionEvents = (count: number, seed?: number, begin?: number): LoggedEvent[] => {
  const events = sessionEvents(seed, begin);
  return Array.from({ length: count }, () => events.next().value);
};
