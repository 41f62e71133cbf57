import type { Event, Traffic, View } from "@tidemark/schema";
import type { RecordedEvent } from "@tidemark/schema/log";
import type { Dice } from "./dice.ts";

/** Time after a session's first event at which the visitor decides whether to buy, in milliseconds. */
const DECIDES_AFTER_MS = 60_000;

/** The decision of a session, and the quantities on which alone its probability depends. */
export interface Decision {
  /** Session. */
  id: string;
  /** Moment of the decision, in UTC milliseconds. */
  as_of: number;
  /** Features of the session as of the decision, by the catalogue's names. */
  features: { page_view_count: number; hover_count: number; dwell_ms: number; scroll_depth_max: number | null };
  /** Probability of a purchase after the decision. */
  probability: number;
  /** Whether the session has a purchase after the decision. */
  purchase: boolean;
}

/** The visitor of a session, and the session. */
export interface VisitPlan {
  session_id: string;
  anonymous_id: string;
  /** The user, if the visitor was known before. */
  user_id?: string | undefined;
  traffic?: Traffic | undefined;
  /** Time of the first event, in UTC milliseconds. */
  begin: number;
}

/** The log-odds of a purchase, and the growth of them by one unit of each feature. */
export const TRUTH = {
  log_odds: -6.2,
  page_view_count: 0.35,
  hover_count: 0.45,
  dwell_ms: 0.000_025,
  scroll_depth_max: 0.012,
} as const;

/** The probability of a purchase, given the features as of the decision: a logistic function of a weighted sum. */
export const probabilityOf = (features: Decision["features"]): number => {
  const { log_odds, page_view_count, hover_count, dwell_ms, scroll_depth_max } = TRUTH;
  const sum =
    log_odds +
    page_view_count * features.page_view_count +
    hover_count * features.hover_count +
    dwell_ms * features.dwell_ms +
    scroll_depth_max * (features.scroll_depth_max ?? 0);
  return 1 / (1 + Math.exp(-sum));
};

const SIGNALS = "pageViews clicks hovers scrollDepth dwell";
const PRODUCTS = ["boots", "clock", "compass", "drybag", "flask", "lens"];
const GUIDES = ["tides", "knots", "charts", "weather"];
const PRICES: Record<string, number> = { boots: 89, clock: 45, compass: 30, drybag: 25, flask: 19, lens: 120 };

const pathOf = (dice: Dice): string =>
  dice.chance(0.45) ? `/products/${dice.pick(PRODUCTS)}` : dice.chance(0.6) ? `/guides/${dice.pick(GUIDES)}` : "/";

const targetOf = (name: string) => ({ tag: "a", path: `main>a[data-tm="${name}"]` });

/** The fields of an event without those that the tracker and the collector set. */
type Body = { type: Event["type"] } & Record<string, unknown>;

/** The events of one session, in order. */
const createRecorder = ({ session_id, anonymous_id, user_id, traffic, begin }: VisitPlan) => {
  const events: RecordedEvent[] = [];
  let view: View | undefined;
  let user = user_id;
  const capture = (time: number, body: Body): void => {
    if (body.type === "identify") user = body.user_id as string;
    const inView = view && { view_id: view.view_id, view, view_time_ms: time - view.started_at };
    const ids = { session_id, anonymous_id, ...(user && { user_id: user }), ...(traffic && { traffic }) };
    const number = { seq: events.length, time, tab_id: "tab00001" };
    events.push({ ...number, ...ids, ...inView, ...body } as unknown as RecordedEvent);
  };
  return {
    events,
    capture,
    beginView(time: number, path: string): void {
      view = {
        ...{ view_id: `view${String(time - begin).padStart(8, "0")}`, started_at: time, signals: SIGNALS },
        ...{ url: `https://shop.example${path}`, path, title: path },
      };
      capture(time, { type: "page_view", cause: "load" });
    },
  };
};

const CONTENT_PX = 4_000;

/**
 * Generates the events of one session, and its decision. An interest, which no event states, makes visitors stay, read,
 * hover and look at more pages in the first minute. After it a visitor buys with the probability of {@link probabilityOf},
 * which depends on these events alone.
 */
export const visitOf = (dice: Dice, plan: VisitPlan): { events: RecordedEvent[]; decision: Decision } => {
  const { begin, session_id, anonymous_id } = plan;
  const { events, capture, beginView } = createRecorder(plan);
  const interest = dice.normal(0, 1);
  const decidesAt = begin + DECIDES_AFTER_MS;
  const end = begin + Math.min(600_000, Math.exp(dice.normal(10.6 + 0.5 * interest, 0.8)));
  const counted = { page_view_count: 0, hover_count: 0, dwell_ms: 0, scroll_depth_max: null as number | null };

  let time = begin;
  while (time < end) {
    const stay = Math.round(Math.min(end - time + 1_000, 2_000 + Math.exp(dice.normal(9.2 + 0.2 * interest, 0.7))));
    const [start, path] = [time, pathOf(dice)];
    beginView(start, path);
    if (start < decidesAt) counted.page_view_count += 1;
    const moments: { at: number; happen: (at: number) => void }[] = [];
    const plan = (count: number, happen: (at: number) => void) => {
      for (let left = count; left > 0; left -= 1) moments.push({ at: start + dice.integer(500, stay), happen });
    };
    plan(dice.poisson((stay / 30_000) * Math.exp(0.5 * interest)), (at) => {
      const duration = dice.integer(300, 3_000);
      const place = { x: dice.integer(50, 1_200), y: dice.integer(50, 700) };
      const hover = { target: targetOf("price"), element_hover_duration: duration, ...place, pointer_type: "mouse" };
      capture(at, { type: "hover", ...hover, clicked: dice.chance(0.2) });
      if (at < decidesAt) counted.hover_count += 1;
    });
    plan(dice.poisson(stay / 20_000), (at) => {
      const [x, y] = [dice.integer(50, 1_200), dice.integer(50, 700)];
      const place = { x, y, page_x: x, page_y: y + dice.integer(0, 2_000), button: 0, pointer_type: "mouse" };
      capture(at, { type: "click", target: targetOf(dice.pick(["image", "more", "size"])), ...place });
    });
    const pace = Math.max(20, dice.normal(160 + 40 * interest, 60));
    let depth = 700;
    const scroll = (at: number): void => {
      const reached = Math.min(CONTENT_PX, Math.round(700 + (pace * (at - start)) / 1_000));
      const percentage = Math.round((100 * reached) / CONTENT_PX);
      capture(at, {
        ...{ type: "scroll", scroll_depth_percentage: percentage, scroll_depth_px: reached },
        ...{ scroll_depth_delta_px: reached - depth, scroll_percentage: percentage, reversals: 0 },
        ...{ depth_reached_ms: at - start, viewport_height: 700, content_height: CONTENT_PX },
      });
      depth = reached;
      if (at < decidesAt) counted.scroll_depth_max = Math.max(counted.scroll_depth_max ?? 0, percentage);
    };
    plan(1, scroll);
    const attention = 0.5 + (0.5 * dice.integer(0, 100)) / 100;
    let engaged = 0;
    const dwell = (at: number): void => {
      const [visible, now] = [at - start, Math.round(attention * (at - start))];
      const totals = { visible_ms: visible, focused_ms: visible, active_ms: now, engaged_ms: now };
      capture(at, { type: "dwell", ...totals, engaged_delta_ms: now - engaged, idle_after_ms: 5_000, rule_version: 1 });
      if (at < decidesAt) counted.dwell_ms += now - engaged;
      engaged = now;
    };
    for (let at = start + 15_000; at < start + stay; at += 15_000) moments.push({ at, happen: dwell });
    for (const { at, happen } of moments.sort((a, b) => a.at - b.at)) happen(at);
    time = start + stay;
    scroll(time);
    dwell(time);
    time += dice.integer(20, 400);
  }

  const probability = probabilityOf(counted);
  const purchase = dice.chance(plan.traffic ? 0.9 : probability);
  if (purchase) {
    const sku = dice.pick(PRODUCTS);
    time = Math.max(time, decidesAt) + dice.integer(2_000, 40_000);
    beginView(time, `/products/${sku}`);
    time += dice.integer(5_000, 30_000);
    capture(time, { type: "custom", name: "add_to_basket", properties: { sku, price: PRICES[sku] } });
    time += dice.integer(1_000, 5_000);
    beginView(time, "/basket");
    time += dice.integer(10_000, 60_000);
    if (!plan.user_id && dice.chance(0.7)) capture(time, { type: "identify", user_id: `user-of-${anonymous_id}` });
    capture(time + 500, { type: "custom", name: "purchase", properties: { sku, price: PRICES[sku] } });
  }
  return { events, decision: { id: session_id, as_of: decidesAt, features: counted, probability, purchase } };
};
