import { defineGoal, type Feature, type FeatureValue, goalFeatures } from "@tidemark/schema";
import { describe, expect, it } from "vitest";
import { asOf } from "../src/as-of.ts";
import type { LoggedEvent } from "../src/logged-event.ts";
import { replay } from "../src/replay.ts";
import { toSql } from "../src/sql/to-sql.ts";
import { compareAsOf, compareReplay } from "./sql/parity.ts";
import { openDuckdb } from "./sql/run-duckdb.ts";

const purchase = defineGoal({
  name: "purchase",
  source: "custom",
  where: [{ field: "name", is: "eq", value: "purchase" }],
  value: "properties.price",
});
const signup = defineGoal({ name: "signup", source: "form_submit", value: 5 });
const features = goalFeatures([purchase, signup]);

const BEGIN = Date.UTC(2026, 10, 29, 9);
const MINUTE = 60_000;

/** Creates the events of a session, numbered in the order of arrival. */
const sessionOf = (name: string) => {
  let seq = 0;
  const event = (minutes: number, fields: object, path: string | null): LoggedEvent => {
    const view = path === null ? {} : { view_id: `view${path}`, view: { view_id: `view${path}`, path } };
    const ids = { session_id: `session-${name}`, anonymous_id: `browser-${name}`, tab_id: "tab-1" };
    return { ...ids, seq: seq++, time: BEGIN + minutes * MINUTE, ...view, ...fields } as unknown as LoggedEvent;
  };
  return {
    views: (minutes: number, path: string) => event(minutes, { type: "page_view", cause: "load" }, path),
    buys: (minutes: number, price: unknown, path: string | null = null) =>
      event(minutes, { type: "custom", name: "purchase", properties: { price } }, path),
    signsUp: (minutes: number, path: string) => event(minutes, { type: "form_submit" }, path),
  };
};

const valuesOf = (log: readonly LoggedEvent[], path: string): Record<string, FeatureValue> =>
  replay(log, features).find(({ entity, id }) => entity === "page" && id === path)?.features ?? {};

describe("goals", () => {
  const { views, buys, signsUp } = sessionOf("a");
  const log = [
    ...[views(0, "/"), views(10, "/guide"), views(15, "/"), views(20, "/boots")],
    ...[buys(20, 90, "/boots"), signsUp(30, "/join"), views(31, "/thanks"), buys(32, 10)],
  ];

  it("are counted and valued for sessions and users", () => {
    const vectors = replay(log, features);
    expect(vectors.find(({ entity }) => entity === "session")?.features).toMatchObject({
      ...{ purchase_count: 2, purchase_value: 100, signup_count: 1, signup_value: 5, goal_count: 3, goal_value: 105 },
    });
    expect(vectors.find(({ entity }) => entity === "user")?.features).toMatchObject({
      user_goal_count: 3,
      user_purchase_value: 100,
    });
  });

  it("are credited to the pages that the session viewed before, also from outside of any page view", () => {
    expect(valuesOf(log, "/boots")).toMatchObject({
      assisted_purchase_count: 2,
      assisted_purchase_count_last_touch: 1,
      assisted_purchase_count_linear: 0.583333,
      assisted_purchase_value: 100,
      assisted_purchase_value_last_touch: 90,
      assisted_purchase_value_linear: 32.5,
      assisted_signup_value: 5,
      assisted_goal_count: 3,
      assisted_goal_value: 105,
    });
    expect(valuesOf(log, "/thanks")).toMatchObject({
      assisted_goal_count: 1,
      assisted_purchase_value_last_touch: 10,
      assisted_signup_count: 0,
    });
  });

  it("are shared by the age of the page's latest view, halved every ten minutes", () => {
    // Ages at the first purchase: /boots 0, / 5, /guide 10 minutes.
    const weights = [1, 0.5 ** 0.5, 0.5];
    const sum = weights.reduce((total, weight) => total + weight);
    ["/boots", "/", "/guide"].forEach((path, index) => {
      const value = valuesOf(log.slice(0, 5), path).assisted_purchase_value_time_decay as number;
      expect(value).toBeCloseTo((90 * (weights[index] as number)) / sum, 3);
    });
  });

  it("are credited to no page that is viewed later, by arrival or by event time", () => {
    const other = sessionOf("b");
    const late = [
      other.views(10, "/later"),
      other.views(0, "/earlier"),
      other.buys(5, 1),
      other.views(2, "/arrives-later"),
    ];
    expect(valuesOf(late, "/earlier").assisted_purchase_count_linear).toBe(1);
    expect(valuesOf(late, "/later").assisted_goal_count).toBe(0);
    expect(valuesOf(late, "/arrives-later").assisted_goal_count).toBe(0);
  });

  it("are credited to the 20 pages that were viewed latest", () => {
    const other = sessionOf("c");
    const many = [...Array.from({ length: 25 }, (_, page) => other.views(page, `/${page}`)), other.buys(30, 20)];
    expect(valuesOf(many, "/4").assisted_goal_count).toBe(0);
    expect(valuesOf(many, "/5")).toMatchObject({ assisted_goal_count: 1, assisted_purchase_value_linear: 1 });
  });

  it("do not count for pages as of a moment before them", () => {
    const spine = [20, 21].map((minutes) => ({ entity: "page", id: "/guide", as_of: BEGIN + minutes * MINUTE }));
    const [before, after] = asOf(log, features, spine);
    expect([before?.assisted_goal_count, after?.assisted_goal_count]).toEqual([0, 1]);
  });

  it("have the same values in SQL", async () => {
    const database = await openDuckdb();
    const other = sessionOf("c");
    const many = Array.from({ length: 25 }, (_, page) => other.views(page, `/${page % 23}`));
    const events = [
      ...log,
      ...many,
      other.buys(12, 20),
      other.buys(40, 1e16),
      other.buys(41, "none"),
      other.buys(42, 3),
    ];
    await compareReplay(database, features, { written: [...events, ...events], events });
    await compareAsOf(database, features, { written: events, events }, [1, 2, 4, 7, 8, 11, 13, 22, 35]);
  });

  it("cannot be compiled to Flink", () => {
    const credits = features.filter(({ name }) => name === "assisted_purchase_count") as Feature[];
    expect(() => toSql(credits, "flink")).toThrow(
      "feature assisted_purchase_count cannot be compiled to Flink SQL: a query over windows lacks the pages that the session viewed before an event",
    );
  });
});
