import type { EventType, FieldsOf, View } from "@tidemark/schema";
import type { Dice } from "../../packages/cli/src/visits/dice.ts";

/** The fields of an event of any type, without its number, time and page view. */
export type Body = { [T in EventType]: { type: T } & FieldsOf<T> }[EventType];

const LONG_PATH = `/${"long".repeat(60)}`;

const PATHS = ["/", "/a", "/a/b", "/products?page=2", "/ÄÖ/😀", "/Z", LONG_PATH, `${LONG_PATH}/1`, `${LONG_PATH}/2`];

const TARGETS = ["#buy", "main>a", "#nav>ul>li>a", "video", "form>input", `#x>${"div>".repeat(60)}a`].map((path) => ({
  tag: "a",
  path,
}));

const SIGNALS = {
  page_view: "pageViews",
  click: "clicks",
  hover: "hovers",
  scroll: "scrollDepth",
  dwell: "dwell",
  element_dwell: "elementDwell",
  video_play: "media",
  video_pause: "media",
  video_progress: "media",
  video_complete: "media",
  form_start: "forms",
  form_field: "forms",
  form_submit: "forms",
  form_abandon: "forms",
  selection: "selections",
  error: "errors",
  web_vital: "webVitals",
  custom: undefined,
  identify: undefined,
  reaction_shown: undefined,
  reaction_dismissed: undefined,
  reaction_acted: undefined,
} satisfies Record<EventType, string | undefined>;

const ENRICHMENTS = ["clickEvidence", "clickLinks", "readingDetails"];

/** Returns the names of the signals that run in a session, as page views state them: all, or some. */
export const anySignals = (dice: Dice): string => {
  const all = [...new Set(Object.values(SIGNALS))].filter((name) => name !== undefined);
  const missing = dice.pick([0, 0.2, 0.6, 1]);
  return [...all, ...ENRICHMENTS].filter(() => !dice.chance(missing)).join(" ");
};

/** Whether an event is captured where the given signals run. */
export const isCaptured = ({ type }: Body, signals: string): boolean => {
  const signal: string | undefined = SIGNALS[type];
  return signal === undefined || signals.split(" ").includes(signal);
};

/** Referrers of pages of `shop.example`, and whether each is of another site. */
const REFERRERS = [
  { referrer: "https://search.example/", isExternal: true },
  { referrer: "https://shop.example:8443/", isExternal: true },
  { referrer: "https://my.shop.example/?a=https://shop.example/", isExternal: true },
  { referrer: "android-app://com.example/a", isExternal: true },
  { referrer: "about:client", isExternal: true },
  { referrer: "https://shop.example/a", isExternal: false },
  { referrer: "http://WWW.Shop.Example", isExternal: false },
];

/** Context of a page view, and the referrer by which its visitor came from another site. */
export interface AnyView {
  view: View;
  external_referrer: string | undefined;
}

/** Returns a page view that starts at a time of its tab's clock. It states the signals that run in it, if there are any. */
export const anyView = (dice: Dice, started_at: number, number: number, signals: string | undefined): AnyView => {
  const path = dice.chance(0.2) ? `/product/${dice.integer(1, 60)}` : dice.pick(PATHS);
  const { referrer, isExternal } = dice.chance(0.6) ? dice.pick(REFERRERS) : {};
  const view = {
    view_id: `view${String(number).padStart(6, "0")}`,
    started_at,
    url: `https://shop.example${path}`,
    path,
    ...(signals !== undefined && { signals }),
    ...(referrer && { referrer }),
  };
  return { view, external_referrer: isExternal ? referrer : undefined };
};

/**
 * Creates the events of one page view, one for each call. Totals grow from call to call, as signals report them.
 */
export const pageView = (dice: Dice): (() => Body) => {
  const dwell = { visible_ms: 0, focused_ms: 0, active_ms: 0, engaged_ms: 0 };
  const scroll = { depth: 0, reversals: 0, reached: 0 };
  let inSight = 0;

  const dwellEvent = (): Body => {
    const spent = dice.integer(0, 8_000);
    dwell.visible_ms += spent + dice.integer(0, 3_000);
    dwell.focused_ms += spent + dice.integer(0, 500);
    dwell.active_ms += spent + dice.integer(0, 500);
    dwell.engaged_ms += spent;
    return { type: "dwell", ...dwell, engaged_delta_ms: spent, idle_after_ms: 5_000, rule_version: 1 };
  };

  const scrollEvent = (): Body => {
    const further = dice.integer(0, 900);
    scroll.depth += further;
    scroll.reversals += dice.integer(0, 2);
    scroll.reached += dice.integer(0, 15_000);
    return {
      type: "scroll",
      scroll_depth_px: scroll.depth,
      scroll_depth_delta_px: further,
      scroll_depth_percentage: Math.min(100, Math.round(scroll.depth * 4.17) / 100),
      scroll_percentage: dice.integer(0, 100),
      reversals: scroll.reversals,
      depth_reached_ms: scroll.reached,
      viewport_height: 800,
      content_height: 2_400,
      ...(dice.chance(0.4) && { velocity_max: dice.integer(0, 9_000) }),
    };
  };

  const elementDwell = (): Body => {
    inSight += dice.integer(0, 5_000);
    const seen = { visible_ms: inSight, longest_ms: inSight, stays: 1, share_max: 100 };
    return { type: "element_dwell", target: dice.pick(TARGETS), ...seen };
  };

  const common = [dwellEvent, dwellEvent, scrollEvent, scrollEvent, () => anyClick(dice), () => anyCustom(dice)];
  const rare = [elementDwell, () => anyAction(dice), () => anyMedia(dice), () => anyForm(dice), () => anyVital(dice)];
  return () => (dice.chance(0.75) ? dice.pick(common)() : dice.pick(rare)());
};

const anyClick = (dice: Dice): Body => ({
  type: "click",
  target: dice.pick(TARGETS),
  x: 1,
  y: 1,
  page_x: 1,
  page_y: 1,
  button: 0,
  pointer_type: "mouse",
  ...(dice.chance(0.7) && { burst: dice.integer(1, 5) }),
  ...(dice.chance(0.4) && { link: dice.pick(["internal", "outbound", "download", "mailto"] as const) }),
  ...(dice.chance(0.6) && { response: dice.pick(["mutation", "navigation", "none"] as const) }),
  ...(dice.chance(0.5) && { response_ms: dice.integer(0, 2_500) }),
});

const SKUS = [
  "boots",
  "Boots",
  7,
  "7",
  4.25,
  0.00001,
  1.5e-7,
  0.1,
  1e21,
  1e20,
  -3,
  "",
  "lens",
  "s".repeat(1_000),
  "s".repeat(1_001),
  true,
  null,
  "😀",
];
const PRICES = [0, 1, 19.99, 0.0000005, -3.5, 1e6, 123_456.789_012_5, "free", true, 1e15, 2e15, 7.123_456_5];

const anyCustom = (dice: Dice): Body => ({
  type: "custom",
  name: dice.pick(["add_to_basket", "search", "Search", "filter"]),
  ...(dice.chance(0.9) && {
    properties: { sku: dice.pick(SKUS), price: dice.pick(PRICES), quantity: dice.integer(0, 40) / 8 },
  }),
});

const anyAction = (dice: Dice): Body =>
  dice.pick<() => Body>([
    () => ({
      type: "hover",
      target: dice.pick(TARGETS),
      element_hover_duration: dice.integer(300, 20_000),
      x: 1,
      y: 1,
      pointer_type: "mouse",
      clicked: dice.chance(0.3),
    }),
    () => ({
      type: "selection",
      action: dice.pick(["select", "copy", "cut"] as const),
      length: dice.integer(1, 90),
      target: dice.pick(TARGETS),
    }),
    () => ({ type: "error", kind: "error", error_type: "TypeError", error_count: dice.integer(1, 4) }),
  ])();

const anyMedia = (dice: Dice): Body => ({
  type: dice.pick(["video_play", "video_pause", "video_progress", "video_complete"] as const),
  media_id: "media001",
  kind: "video",
  target: dice.pick(TARGETS),
  position_ms: dice.integer(0, 60_000),
  watched_ms: dice.integer(0, 60_000),
  ...(dice.chance(0.7) && { watched_percentage: dice.integer(0, 1_000) / 10 }),
  played_ms: 0,
  ranges: [],
  plays: 1,
  seeks: 0,
  playback_rate: 1,
  muted: false,
});

const anyForm = (dice: Dice): Body => {
  const form = { tag: "form", path: "#pay" };
  return dice.pick<Body>([
    { type: "form_start", form },
    { type: "form_submit", form, since_start_ms: 9, fields_edited: 1 },
    { type: "form_abandon", form, since_start_ms: 9, fields_edited: 1 },
  ]);
};

const anyVital = (dice: Dice): Body => {
  const metric = dice.pick(["LCP", "INP", "CLS", "FCP"] as const);
  const value = metric === "CLS" ? dice.integer(0, 900) / 1_000 : dice.integer(1, 60_000) / 7;
  return {
    type: "web_vital",
    metric,
    metric_id: "metric01",
    value,
    delta: value,
    rating: "good",
    navigation_type: "navigate",
  };
};
