import { eventTypes, view } from "@tidemark/schema";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { z } from "zod";
import { contractRules } from "../../schema/test/contract-rules.ts";
import { fitViewFields } from "../src/events/view-fields.ts";
import { bounded, cut, whole } from "../src/measures/bounds.ts";
import { percentageOf } from "../src/measures/depth.ts";
import { createPlayback, type Player } from "../src/measures/playback.ts";
import type { CapturedEvent } from "../src/options/tracker-options.ts";
import { pixel, pointerOf } from "../src/sensors/pointer.ts";
import { fitSiteFields } from "../src/tracker/site-fields.ts";

const LONG = "😀".repeat(5_000);
const WRONG_NUMBERS = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e300, -1e300, -0.5, 0.5];

/** How the SDK keeps rules. */
interface Handling {
  /** Sources of the rules. */
  of: string;
  /** Paths of the fields, of which `form.*` is any field below `form`. */
  paths: string;
  /** Kinds of the rules besides those that TypeScript checks in the SDK's own code. */
  kinds?: string;
  /** Makes fields of inputs that violate the rules, as the SDK does. The contract must accept them. */
  fits?: () => object[];
  /** Why no input can violate the rules, or which test shows what the SDK does. */
  because?: string;
}

const MEDIA = "video_play video_pause video_progress video_complete";
const PROPERTIES = "dropped_properties dropped_properties[] properties properties.* traits traits.*";

/** The kinds of rules that TypeScript checks: signals capture only the fields of their event, each with its type. */
const TYPED = ["required", "no_other_fields", "type", "enum"];

const pointers = () =>
  WRONG_NUMBERS.map((number) =>
    pointerOf({ clientX: number, clientY: number, pointerType: LONG } as unknown as PointerEvent),
  );

const site = (type: string, given: object) => {
  const { type: _, ...fields } = { ...fitSiteFields({ type, ...given } as unknown as CapturedEvent) };
  return fields;
};

const badProperties = {
  [LONG]: 1,
  deep: [[[[[1]]]]],
  large: LONG,
  wrong: () => {},
  ...Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`p${index}`, Number.NaN])),
};

const playbacks = () =>
  WRONG_NUMBERS.flatMap((wrong) => {
    const playback = createPlayback();
    const player = { currentTime: 0, paused: false, duration: wrong, playbackRate: wrong } as Player;
    return [
      playback(player, 0),
      playback({ ...player, currentTime: wrong }, 1_000, false, false, true),
      playback({ ...player, currentTime: wrong, paused: true }, 2_000),
    ].map((report) => {
      const { type: _, ...fields } = { ...report };
      return fields;
    });
  });

const HANDLINGS: Handling[] = [
  { of: "* view batch", paths: " type view_id seq time", kinds: "min max pattern", because: "the tracker writes them" },
  { of: "click hover", paths: "x y pointer_type", kinds: "min max", fits: pointers },
  {
    of: "click",
    paths: "page_x page_y element_x element_y",
    kinds: "min max",
    fits: () =>
      WRONG_NUMBERS.map((n) => ({ page_x: pixel(n), page_y: pixel(n), element_x: pixel(n), element_y: pixel(n) })),
  },
  {
    of: "click",
    paths: "button",
    kinds: "min max",
    fits: () => WRONG_NUMBERS.map((n) => ({ button: whole(n, 0, 31) })),
  },
  { of: "click", paths: "link link_url", kinds: "max_length", because: "cleanUrl cuts URLs" },
  { of: "click", paths: "label text", kinds: "max_length", because: "texts are cut to 100 characters" },
  {
    of: "click",
    paths: "burst response response_ms",
    kinds: "min max",
    because: "counted, and timed by the page's clock",
  },
  { of: "hover", paths: "element_hover_duration clicked", kinds: "min max", because: "timed by the page's clock" },
  {
    of: "scroll",
    paths: "scroll_depth_percentage scroll_percentage",
    kinds: "min max",
    fits: () =>
      WRONG_NUMBERS.map((n) => {
        const percentage = percentageOf(n, { offset: 0, viewport_height: 100, content_height: 1_000 });
        return { scroll_depth_percentage: percentage, scroll_percentage: percentage };
      }),
  },
  {
    of: "scroll",
    paths: "scroll_depth_px scroll_depth_delta_px viewport_height content_height reversals depth_reached_ms",
    kinds: "min max",
    because: "geometry that the browser computes in whole pixels, a count and the page's clock",
  },
  { of: "scroll", paths: "milestone", kinds: "min max", because: "only milestones up to the percentage are reached" },
  {
    of: "scroll",
    paths: "velocity_max",
    kinds: "min max",
    fits: () => WRONG_NUMBERS.map((n) => ({ velocity_max: whole(n) })),
  },
  { of: "scroll", paths: "tenths_ms tenths_ms[]", kinds: "min max items", because: "ten sums of the page's clock" },
  {
    of: "dwell",
    paths: "visible_ms focused_ms active_ms engaged_ms engaged_delta_ms",
    kinds: "min max",
    because: "sums of the page's clock",
  },
  {
    of: "dwell",
    paths: "idle_after_ms rule_version",
    kinds: "min max",
    fits: () => WRONG_NUMBERS.map((n) => ({ idle_after_ms: whole(n), rule_version: 1 })),
  },
  {
    of: "element_dwell",
    paths: "visible_ms longest_ms stays",
    kinds: "min max",
    because: "sums of the page's clock, and a count",
  },
  {
    of: "element_dwell",
    paths: "share_max",
    kinds: "min max",
    fits: () => WRONG_NUMBERS.map((n) => ({ share_max: Math.round(bounded(n, 0, 1) * 1e4) / 100 })),
  },
  {
    of: MEDIA,
    paths:
      "position_ms duration_ms watched_ms watched_percentage played_ms ranges ranges[] ranges[][0] ranges[][1] plays seeks playback_rate",
    kinds: "min max max_items",
    fits: playbacks,
  },
  { of: MEDIA, paths: "media_id kind muted", kinds: "pattern", because: "the signal writes them" },
  {
    of: "*",
    paths: "target target.* form form.* field field.* last_field last_field.*",
    kinds: "max_length",
    because: "describe() cuts names and paths",
  },
  {
    of: "form_field",
    paths: "field_type focus_ms first_edit_ms edits",
    kinds: "min max max_length",
    because: "types that the browser knows, the page's clock and a count",
  },
  {
    of: "form_submit form_abandon",
    paths: "since_start_ms fields_edited",
    kinds: "min max",
    because: "the page's clock and a count",
  },
  {
    of: "selection",
    paths: "action length",
    kinds: "min",
    fits: () => WRONG_NUMBERS.map((n) => ({ length: whole(n) })),
  },
  {
    of: "error",
    paths: "kind error_type error_count",
    kinds: "min max_length",
    fits: () => [{ error_type: cut(LONG, 100) }],
  },
  {
    of: "web_vital",
    paths: "value delta",
    kinds: "min max",
    fits: () => WRONG_NUMBERS.map((n) => ({ value: bounded(n), delta: bounded(n) })),
  },
  {
    of: "web_vital",
    paths: "metric metric_id rating navigation_type",
    kinds: "pattern",
    because: "web-vitals writes them",
  },
  { of: "page_view", paths: "cause", because: "the tracker and the signals write it" },
  {
    of: "custom",
    paths: "name",
    kinds: "min_length max_length",
    fits: () => [site("custom", { name: LONG }), site("custom", { name: "" }), site("custom", { name: {} })],
  },
  {
    of: "custom page_view",
    paths: PROPERTIES,
    kinds: "max_length max_items refine",
    fits: () => [site("page_view", { properties: badProperties }), site("page_view", { properties: [1] })],
  },
  {
    of: "identify",
    paths: PROPERTIES,
    kinds: "max_length max_items refine",
    fits: () => [site("identify", { traits: badProperties }), site("identify", { traits: LONG })],
  },
  {
    of: "identify batch",
    paths: "user_id",
    kinds: "max_length pattern",
    because: "userIdOf ignores other ids, and stored ones are validated",
  },
  {
    of: "reaction_shown reaction_dismissed reaction_acted",
    paths: "reaction reaction_id",
    kinds: "max_length pattern",
    because: "itemsOf accepts known forms only, and stored notes are validated (reactions.test.ts)",
  },
  { of: "reaction_acted", paths: "action", kinds: "max_length", because: "acted() cuts it (reactions.test.ts)" },
  { of: "view", paths: "started_at url", kinds: "min max max_length", because: "the page's clock; cleanUrl cuts URLs" },
  { of: "view", paths: "signals", kinds: "max_length", because: "the tracker writes and cuts it" },
  {
    of: "view",
    paths:
      "path canonical_url title referrer language time_zone viewport_width viewport_height screen_width screen_height connection color_scheme",
    kinds: "min max max_length",
    fits: () =>
      [LONG, ...WRONG_NUMBERS, {}, null].map((wrong) =>
        fitViewFields(
          Object.fromEntries([...Object.keys(view.shape), "constructor"].map((name) => [name, wrong])) as object,
        ),
      ),
  },
  {
    of: "batch",
    paths: "views views[] views[].*",
    kinds: "min max max_length pattern max_items",
    because: "the rules of a view; a batch has fewer events than views may be",
  },
  {
    of: "batch",
    paths: "events",
    kinds: "min_items max_items",
    because: "a batch has 1 to 100 events (queue.test.ts)",
  },
  {
    of: "batch",
    paths: "v key sent_at sdk tab_id",
    kinds: "min max max_length pattern",
    because: "the tracker writes them; the key is validated",
  },
  {
    of: "batch",
    paths: "session_id anonymous_id",
    kinds: "pattern",
    because: "stored ids are validated (visitor.test.ts)",
  },
  {
    of: "batch",
    paths: "session_secret",
    kinds: "pattern",
    because: "a batch is sent again without a secret that a script has stored (collector.test.ts)",
  },
  { of: "batch", paths: "user_token", kinds: "max_length", because: "userTokenOf cuts it" },
  {
    of: "batch",
    paths: "reactions_received reactions_received[] reactions_unknown reactions_unknown[]",
    kinds: "pattern max_items",
    because:
      "at most 32 ids of validated notes; an older collector receives the batch without them (reactions.test.ts)",
  },
  { of: "batch", paths: "consent consent.*", because: "purposesOf accepts known answers only" },
  {
    of: "batch",
    paths: "traffic",
    because: "a batch that is rejected for it is sent again without it (delivery.test.ts)",
  },
  {
    of: "batch",
    paths: "traceparent",
    kinds: "pattern",
    because: "only a context that has the form is sent (batch-traces.test.ts)",
  },
  {
    of: "batch",
    paths: "sdk_report sdk_report.*",
    kinds: "min max",
    because: "a batch that is rejected for it is sent again without it (collector.test.ts)",
  },
  {
    of: "batch",
    paths: "dropped dropped[] dropped[].*",
    kinds: "min max max_items refine",
    because: "the queue writes at most 100 ranges (queue.test.ts)",
  },
];

const covers = ({ of, paths, kinds = "" }: Handling, source: string, path: string, kind: string): boolean => {
  const isOf = of.split(" ").some((each) => each === source || (each === "*" && source in eventTypes));
  const isPath = paths
    .split(" ")
    .some((each) => (each.endsWith(".*") ? path.startsWith(each.slice(0, -1)) : each === path));
  return isOf && isPath && (TYPED.includes(kind) || kinds.split(" ").includes(kind));
};

const fieldsOf = (source: string) =>
  (source === "view" ? view : eventTypes[source as keyof typeof eventTypes]) as unknown as z.ZodObject;

beforeAll(() => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterAll(() => {
  vi.restoreAllMocks();
});

describe("the rules of the contract", () => {
  it("each have a handling in the SDK", () => {
    const unhandled = contractRules().filter(
      ({ source, path, kind }) => !HANDLINGS.some((handling) => covers(handling, source, path, kind)),
    );
    expect(unhandled).toEqual([]);
  });

  it("each of which still exists", () => {
    const rules = contractRules();
    const unused = HANDLINGS.filter(
      (handling) => !rules.some(({ source, path, kind }) => covers(handling, source, path, kind)),
    );
    expect(unused).toEqual([]);
  });

  it.each(HANDLINGS.filter(({ fits }) => fits).map(({ of, paths, fits }) => [of, paths, fits] as const))(
    "are kept for %s: %s",
    (of, _, fits) => {
      for (const source of of.split(" "))
        for (const fields of fits?.() ?? []) {
          const sent = JSON.parse(JSON.stringify(fields)) as object;
          const schema = fieldsOf(source);
          const present = Object.fromEntries(Object.keys(sent).map((name) => [name, true]));
          const names = Object.keys(present).filter((name) => name in schema.shape);
          expect(names).toEqual(Object.keys(sent));
          expect(
            schema.pick(present as never).safeParse(sent).error,
            JSON.stringify(sent).slice(0, 300),
          ).toBeUndefined();
        }
    },
  );
});
