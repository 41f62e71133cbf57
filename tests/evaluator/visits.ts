import type { LoggedEvent } from "@tidemark/engine";
import { type Dice, diceOf } from "../../packages/cli/src/visits/dice.ts";
import { type AnyView, anySignals, anyView, type Body, isCaptured, pageView } from "./page-view.ts";
import { TabClock } from "./tab-clock.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Times are multiples of this, so that events of several tabs have the same time. */
const STEP = SECOND;

type Context = Pick<LoggedEvent, "session_id" | "tab_id" | "anonymous_id" | "user_id" | "consent">;

/** An event in its tab. `time` is by the tab's clock, and `at` by a right one. */
interface Captured {
  body: Body;
  seq: number;
  at: number;
  time: number;
  seen?: AnyView | undefined;
}

/** One arrival of a batch. `sent_at` is by the tab's clock. */
interface Arrival {
  context: Context;
  events: Captured[];
  sent_at: number;
  received_at: number;
}

/** A session before its events. */
interface Plan {
  session: Omit<Context, "tab_id">;
  /** The visitor's id as a user, known from an `identify` event midway on. */
  user_id: string | undefined;
  /** Time of its first event. */
  start: number;
  /** Names of the signals that run in it. */
  signals: string;
  /** Probability that a page view states these. */
  statesSignals: number;
}

/**
 * Generates the log of a site as the collector writes it, in the order of arrival. Visitors have several sessions, and
 * sessions several tabs with up to 130 page views each. Clocks are wrong or change, visitors identify themselves midway,
 * and some signals do not run. Batches are lost, repeated, reordered, or sent days later.
 */
export const visits = (seed: number): LoggedEvent[] => {
  const dice = diceOf(seed);
  const statesSignals = dice.pick([0, 0.9, 1, 1]);
  const visitors = Array.from({ length: 8 }, (_, number) => visitor(dice, number, statesSignals));
  return logged(visitors.flat());
};

/** Generates the arrivals of all sessions of a visitor. */
const visitor = (dice: Dice, number: number, statesSignals: number): Arrival[] => {
  const personalisation = dice.pick([undefined, undefined, "granted", "pending", "denied"] as const);
  const consent = personalisation && { measurement: "granted" as const, personalisation };
  const mayBeKnown = personalisation === undefined || personalisation === "granted";
  const user_id = mayBeKnown && dice.chance(0.6) ? dice.pick(["ann", "bob", "Ζoë", "u-7"]) : undefined;
  const first = Date.UTC(2026, 10, 28, 9) + STEP * dice.integer(0, (2 * DAY) / STEP);
  return Array.from({ length: dice.integer(1, 4) }, (_, session) =>
    visit(dice, {
      session: {
        session_id: `shop.visitor${number}-session${session}`,
        anonymous_id: `browser-${number}`,
        ...(consent && { consent }),
      },
      user_id,
      start: first + session * STEP * dice.integer(HOUR / STEP, (5 * DAY) / STEP),
      signals: anySignals(dice),
      statesSignals,
    }),
  ).flat();
};

/** Generates the arrivals of one session. */
const visit = (dice: Dice, plan: Plan): Arrival[] => {
  const isLong = dice.chance(0.15);
  return Array.from({ length: dice.integer(1, 3) }, (_, tab) => {
    const pageViews = isLong ? dice.integer(60, 130) : dice.integer(1, 8);
    const events = tabEvents(dice, plan, pageViews);
    const context = { ...plan.session, tab_id: `tab-${tab}-${plan.session.anonymous_id}` };
    return deliver(dice, context, plan.user_id ? identified(dice, events, plan.user_id) : events, plan.user_id);
  }).flat();
};

/** Generates the events of a tab that shows some page views one after the other. */
const tabEvents = (dice: Dice, { start, signals, statesSignals }: Plan, pageViews: number): Captured[] => {
  const events: Captured[] = [];
  let at = start + dice.integer(0, 10) * STEP;
  let skew = dice.chance(0.3) ? dice.integer(-3 * DAY, 3 * DAY) : dice.pick([0, 0, -200, 200]);
  const capture = (body: Body, seen?: AnyView) =>
    isCaptured(body, signals) && events.push({ body, seq: events.length, at, time: at + skew, seen });
  for (let number = 0; number < pageViews; number++) {
    // A page takes its clock when it is loaded.
    if (dice.chance(0.03)) skew += dice.pick([-3 * DAY, -HOUR, -MINUTE, MINUTE, HOUR, DAY]);
    const seen = anyView(dice, at + skew, number, dice.chance(statesSignals) ? signals : undefined);
    const next = pageView(dice);
    if (dice.chance(0.9)) capture({ type: "page_view", cause: "load" }, seen);
    for (let left = dice.integer(0, 8); left > 0; left--) {
      at += dice.chance(0.03) ? STEP * dice.integer(60, 7_200) : STEP * dice.integer(0, 10);
      capture(next(), seen);
    }
    if (dice.chance(0.1)) capture({ type: "custom", name: "outside" });
  }
  return events;
};

/** The events with an `identify` event in the place of one of them. */
const identified = (dice: Dice, events: Captured[], user_id: string): Captured[] => {
  const place = dice.integer(0, Math.max(0, events.length - 1));
  return events.map((event) =>
    event.seq === place ? { ...event, body: { type: "identify", user_id }, seen: undefined } : event,
  );
};

/** Splits the events of a tab into batches, and sends each: at once or later, once or twice, or never. */
const deliver = (dice: Dice, session: Context, events: Captured[], user_id: string | undefined): Arrival[] => {
  const identify = events.findIndex(({ body }) => body.type === "identify");
  const arrivals: Arrival[] = [];
  for (let first = 0, size = 0; first < events.length; first += size) {
    size = dice.integer(1, 12);
    // A batch has one owner.
    if (first <= identify && first + size > identify) size = identify - first + 1;
    const batch = events.slice(first, first + size);
    const context = user_id && first > identify && identify >= 0 ? { ...session, user_id } : session;
    for (let copies = dice.pick([0, 1, 1, 1, 1, 1, 1, 1, 1, 2]); copies > 0; copies--) {
      arrivals.push(arrival(dice, context, batch));
    }
  }
  return arrivals;
};

const arrival = (dice: Dice, context: Context, events: Captured[]): Arrival => {
  const last = events.at(-1) as Captured;
  const wait = dice.chance(0.85) ? 0 : dice.pick([5 * MINUTE, 2 * HOUR, 30 * HOUR, 3 * DAY]);
  const sent = dice.integer(0, 3 * SECOND) + dice.integer(0, wait);
  return { context, events, sent_at: last.time + sent, received_at: last.at + sent + dice.integer(20, 4 * SECOND) };
};

/** The log of a collector that receives each batch: every event once, with its context and its converted time. */
const logged = (arrivals: Arrival[]): LoggedEvent[] => {
  const stored = new Set<string>();
  const clocks = new Map<string, TabClock>();
  const log: LoggedEvent[] = [];
  for (const { context, events, sent_at, received_at } of arrivals.toSorted((a, b) => a.received_at - b.received_at)) {
    const tab = `${context.session_id} ${context.tab_id}`;
    const accepted = events.filter(({ seq, time }) => !stored.has(`${tab} ${seq}`) && time >= sent_at - 8 * DAY);
    const clock = clocks.get(tab) ?? new TabClock();
    clocks.set(tab, clock);
    const times = clock.convert(accepted, { sent_at, received_at });
    accepted.forEach(({ body, seq, time, seen }, index) => {
      stored.add(`${tab} ${seq}`);
      log.push({ ...context, ...body, ...(seen && inView(seen, time)), seq, time: times[index] } as LoggedEvent);
    });
  }
  return log;
};

const inView = ({ view, external_referrer }: AnyView, time: number) => ({
  view_id: view.view_id,
  view,
  view_time_ms: Math.max(0, time - view.started_at),
  ...(external_referrer && { external_referrer }),
});
