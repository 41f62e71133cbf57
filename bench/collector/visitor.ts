import type { Event, View } from "@tidemark/schema";

/** An event of a visitor and its page view. */
export interface VisitorEvent {
  event: Event;
  view: View;
}

/** Creates a generator of numbers from 0 to below 1, determined by its seed (mulberry32). */
export const randomFrom = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

const PATHS = ["/", "/article.html", "/products.html", "/products/boots", "/products/lens", "/guides/tides", "/basket"];

const TARGETS = [
  { tag: "a", path: "main>article>p:nth-of-type(4)>a" },
  { tag: "button", id: "add", name: "add-to-basket", path: "#add" },
  { tag: "a", role: "menuitem", path: "#nav>ul>li:nth-of-type(2)>a" },
  { tag: "img", name: "product-card", path: "#grid>div:nth-of-type(6)>img" },
];

/** Longest time between two events, in milliseconds. */
export const LONGEST_PAUSE_MS = 4000;

const VIEWPORT = 900;
const IDLE_AFTER_MS = 5000;

/**
 * Generates the events of one endless session: page views, each with scrolling, hovers, clicks and dwell with growing
 * totals, as the SDK reports them. The time between two events is one second to {@link LONGEST_PAUSE_MS}.
 *
 * @param start UTC milliseconds of the first page view.
 */
export function* visitor(seed: number, start: number): Generator<VisitorEvent, never> {
  const random = randomFrom(seed);
  const between = (low: number, high: number) => Math.floor(low + random() * (high - low));
  const oneOf = <T>(list: readonly T[]): T => list[between(0, list.length)] as T;
  const pointer = () => ({ x: between(0, 1400), y: between(0, VIEWPORT), pointer_type: "mouse" as const });

  let time = start;
  let seq = -1;
  let referrer: string | undefined;
  for (let page = 0; ; page += 1) {
    const content_height = between(2000, 9000);
    const path = page % 8 === 0 ? "/" : oneOf(PATHS);
    const url = `https://shop.example${path}`;
    const view: View = {
      view_id: `${seed.toString(36)}_view_${page}`.padStart(12, "0"),
      started_at: time,
      url,
      title: `Tide tables and everything else: ${path}`,
      ...(referrer === undefined ? {} : { referrer }),
      language: "en-GB",
      viewport_width: 1440,
      viewport_height: VIEWPORT,
    };
    referrer = url;
    const createEvent = (fields: object): VisitorEvent => {
      seq += 1;
      return { view, event: { seq, time, view_id: view.view_id, ...fields } as Event };
    };
    yield createEvent({ type: "page_view", cause: page === 0 ? "load" : "route" });

    let [depth, reached, reversals, visible, engaged] = [VIEWPORT, 0, 0, 0, 0];
    for (let actions = between(8, 24); actions > 0; actions -= 1) {
      const pause = between(1000, LONGEST_PAUSE_MS);
      time += pause;
      const choice = random();
      if (choice < 0.35) {
        const deeper = Math.min(content_height - depth, between(0, 700));
        depth += deeper;
        if (deeper > 0) reached = time - view.started_at;
        else reversals += 1;
        yield createEvent({
          type: "scroll",
          scroll_depth_percentage: Math.round((depth / content_height) * 100),
          scroll_depth_px: depth,
          scroll_depth_delta_px: deeper,
          scroll_percentage: Math.round((depth / content_height) * 100),
          reversals,
          depth_reached_ms: reached,
          viewport_height: VIEWPORT,
          content_height,
        });
      } else if (choice < 0.6) {
        yield createEvent({
          type: "hover",
          target: oneOf(TARGETS),
          element_hover_duration: between(300, pause),
          ...pointer(),
          clicked: random() < 0.2,
        });
      } else if (choice < 0.75) {
        const { x, y, pointer_type } = pointer();
        const target = oneOf(TARGETS);
        const place = { page_x: x, page_y: y + depth - VIEWPORT, element_x: 12, element_y: 8 };
        yield createEvent({ type: "click", target, x, y, ...place, button: 0, pointer_type });
      } else {
        const engagedDelta = Math.min(time - view.started_at - visible, pause);
        visible = time - view.started_at;
        engaged += engagedDelta;
        yield createEvent({
          type: "dwell",
          visible_ms: visible,
          focused_ms: visible,
          active_ms: engaged,
          engaged_ms: engaged,
          engaged_delta_ms: engagedDelta,
          idle_after_ms: IDLE_AFTER_MS,
          rule_version: 1,
        });
      }
    }
    time += between(1000, LONGEST_PAUSE_MS);
  }
}
