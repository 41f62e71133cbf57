import type { Event, FieldsOf } from "@tidemark/schema";
import { randomFrom, visitor } from "../collector/visitor.ts";

/** A step of a visit, and its time in milliseconds since the start. The visit ends with its last step. */
type Step = { at: number } & (
  | { view: "load" | "route"; url: string }
  | { event: Omit<Event, "seq" | "time" | "view_id"> }
  | { isVisible: boolean }
);

/** Creates the steps of a visit, determined by its seed. */
export type Visit = (seed: number) => Step[];

/** Intervals at which the signals report, in milliseconds: their defaults. */
const SCROLL_MS = 1000;
const DWELL_MS = 5000;

const VIEWPORT = 900;
const SHOP = "https://shop.example";
const PATHS = ["/article.html", "/guides/tides", "/guides/moon", "/products/boots", "/products/lens"];
const VIDEO = { tag: "video", path: "main>video" };

/** A page view, with the totals that the signals report of it. */
const createPageView = (startedAt: number, contentHeight: number) => {
  let depth = VIEWPORT;
  let engaged = 0;
  const event = <T extends Event["type"]>(at: number, type: T, fields: FieldsOf<T>): Step => ({
    at,
    event: { type, ...fields } as unknown as Event,
  });
  return {
    event,
    scroll(at: number, by: number): Step {
      const deeper = Math.min(by, contentHeight - depth);
      depth += deeper;
      const percentage = Math.round((depth / contentHeight) * 100);
      return event(at, "scroll", {
        scroll_depth_percentage: percentage,
        scroll_depth_px: depth,
        scroll_depth_delta_px: deeper,
        scroll_percentage: percentage,
        reversals: 0,
        depth_reached_ms: at - startedAt,
        viewport_height: VIEWPORT,
        content_height: contentHeight,
      });
    },
    /** A report of the time since the previous one, in which the visitor was engaged. */
    dwell(at: number, engagedMs: number): Step {
      engaged += engagedMs;
      return event(at, "dwell", {
        visible_ms: at - startedAt,
        focused_ms: at - startedAt,
        active_ms: engaged,
        engaged_ms: engaged,
        engaged_delta_ms: engagedMs,
        idle_after_ms: DWELL_MS,
        rule_version: 1,
      });
    },
  };
};

/** Dwell reports while the visitor is active for the whole time. */
const dwells = (page: ReturnType<typeof createPageView>, from: number, to: number): Step[] => {
  const steps: Step[] = [];
  for (let at = from + DWELL_MS; at < to; at += DWELL_MS) steps.push(page.dwell(at, DWELL_MS));
  return [...steps, page.dwell(to, (to - from) % DWELL_MS || DWELL_MS)];
};

const inOrder = (steps: Step[]): Step[] => steps.sort((one, other) => one.at - other.at);

/** Creates random whole numbers from `low` to below `high`. */
const numbers = (seed: number) => {
  const random = randomFrom(seed);
  return (low: number, high: number) => Math.floor(low + random() * (high - low));
};

const pathOf = (number: number): string => `${SHOP}${PATHS[number % PATHS.length]}`;

/** The visitor of the other benchmarks: a hundred events of all kinds, one to four seconds apart, on one page. */
const shopper: Visit = (seed) => {
  const events = visitor(seed, 0);
  return Array.from({ length: 100 }, () => {
    const { event, view } = events.next().value;
    const { seq, time, view_id, ...fields } = event;
    if (event.type !== "page_view") return { at: time, event: fields };
    return { at: time, view: event.cause === "load" ? ("load" as const) : ("route" as const), url: view.url };
  });
};

/** Leaves the first page after some seconds. */
const bounce: Visit = (seed) => {
  const between = numbers(seed);
  const page = createPageView(0, 4000);
  const end = between(3_000, 15_000);
  const scrolls = between(1, 4);
  return inOrder([
    { at: 0, view: "load", url: pathOf(seed) },
    ...Array.from({ length: scrolls }, (_, index) => page.scroll(1_500 + index * SCROLL_MS, 300)),
    ...dwells(page, 0, end),
  ]);
};

/** Reads a long page to its end: scrolls for some seconds, then reads for some. */
const reader: Visit = (seed) => {
  const between = numbers(seed);
  const page = createPageView(0, 20_000);
  const steps: Step[] = [{ at: 0, view: "load", url: pathOf(seed) }];
  let at = 2_000;
  while (at < 240_000) {
    for (let scrolls = between(1, 4); scrolls > 0; scrolls -= 1) {
      at += SCROLL_MS;
      steps.push(page.scroll(at, between(100, 400)));
    }
    at += between(3_000, DWELL_MS);
  }
  return inOrder([...steps, ...dwells(page, 0, at)]);
};

/** Loads two pages, and plays a video of two minutes on each, with a pause. */
const viewer: Visit = (seed) => {
  const between = numbers(seed);
  const LENGTH_MS = 120_000;
  const watchFrom = (startedAt: number, index: number): Step[] => {
    const page = createPageView(startedAt, 2_000);
    const playedAt = startedAt + between(2_000, 6_000);
    const pauseAt = between(20_000, 100_000);
    const pauseMs = between(2_000, 20_000);
    const video = (type: "video_play" | "video_pause" | "video_progress" | "video_complete", position_ms: number) =>
      page.event(playedAt + position_ms + (position_ms > pauseAt || type === "video_complete" ? pauseMs : 0), type, {
        media_id: `video_${seed}_${index}`.padStart(12, "0"),
        kind: "video",
        target: VIDEO,
        position_ms,
        duration_ms: LENGTH_MS,
        watched_ms: position_ms,
        watched_percentage: Math.round((position_ms / LENGTH_MS) * 100),
        played_ms: position_ms,
        ranges: [[0, position_ms]],
        plays: position_ms > pauseAt ? 2 : 1,
        seeks: 0,
        playback_rate: 1,
        muted: false,
      });
    const end = playedAt + LENGTH_MS + pauseMs + between(1_000, 5_000);
    return [
      { at: startedAt, view: "load", url: pathOf(seed + index) },
      video("video_play", 0),
      ...[0.25, 0.5, 0.75].map((share) => video("video_progress", LENGTH_MS * share)),
      video("video_pause", pauseAt),
      video("video_play", pauseAt + 1),
      video("video_complete", LENGTH_MS),
      ...dwells(page, startedAt, end),
    ];
  };
  const first = inOrder(watchFrom(0, 0));
  return [...first, ...inOrder(watchFrom((first.at(-1)?.at ?? 0) + 500, 1))];
};

/** Looks at a page for some seconds, three times with minutes between in which the tab is hidden. */
const returner: Visit = (seed) => {
  const between = numbers(seed);
  const page = createPageView(0, 6_000);
  const steps: Step[] = [{ at: 0, view: "load", url: pathOf(seed) }];
  let at = 0;
  for (let look = 0; look < 3; look += 1) {
    const end = at + between(8_000, 20_000);
    const looked = inOrder([page.scroll(at + 2_000, 500), page.scroll(at + 3_000, 500), ...dwells(page, at, end)]);
    steps.push(...looked, { at: end, isVisible: false });
    at = end + between(5 * 60_000, 20 * 60_000);
    if (look < 2) steps.push({ at, isVisible: true });
  }
  return steps;
};

/** The kinds of visitors, and their assumed shares of the visits of a site. */
export const kinds: Record<string, { visit: Visit; share: number }> = {
  "clicks and scrolls": { visit: shopper, share: 0.3 },
  "leaves after some seconds": { visit: bounce, share: 0.3 },
  "reads a long page": { visit: reader, share: 0.2 },
  "watches videos": { visit: viewer, share: 0.1 },
  "returns to a hidden tab": { visit: returner, share: 0.1 },
};

/** The kinds of so many visits in a row, by their shares. */
export const kindsOf = (visits: number): Visit[] => {
  const counts = Object.values(kinds).map(({ visit, share }) => ({ visit, share, count: 0 }));
  return Array.from({ length: visits }, (_, index) => {
    // The kind that is the furthest below its share so far.
    const behind = ({ share, count }: (typeof counts)[0]) => share * (index + 1) - count;
    const next = counts.reduce((most, each) => (behind(each) > behind(most) ? each : most));
    next.count += 1;
    return next.visit;
  });
};
