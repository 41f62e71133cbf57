import type { Aggregate, Credit, LatestPerView, Rate } from "@tidemark/schema";
import type { AggregateKind } from "./aggregate.ts";
import { count } from "./count.ts";
import { credit } from "./credit.ts";
import { decayedCount } from "./decayed-count.ts";
import { distinct } from "./distinct.ts";
import { endOf } from "./first-last.ts";
import { lastN } from "./last-n.ts";
import { latestPerView } from "./latest-per-view.ts";
import { mean } from "./mean.ts";
import { max, min } from "./min-max.ts";
import { quantile } from "./quantile.ts";
import { rate } from "./rate.ts";
import { span } from "./span.ts";
import { stddev } from "./stddev.ts";
import { sum } from "./sum.ts";
import { timeSinceLast } from "./time-since-last.ts";
import { topK } from "./top-k.ts";

/** The aggregate of any definition. */
export type AnyAggregate = Aggregate | Credit | LatestPerView | Rate;

/** The kind of each type, or a function that creates it from the aggregate's settings. */
const kinds = {
  count,
  sum,
  mean,
  stddev,
  min,
  max,
  span,
  first: endOf("first"),
  last: endOf("last"),
  distinct,
  quantile,
  top_k: topK,
  decayed_count: decayedCount,
  time_since_last: timeSinceLast,
  last_n: lastN,
  latest_per_view: latestPerView,
  rate,
  credit,
} satisfies Record<AnyAggregate["type"], unknown>;

/** The types of all aggregates. */
export const aggregateTypes = Object.keys(kinds);

/** Returns the kind that computes a definition's aggregate. */
export const kindOf = (aggregate: AnyAggregate): AggregateKind<unknown> => {
  const kind = kinds[aggregate.type] as AggregateKind<unknown> | ((settings: AnyAggregate) => AggregateKind<unknown>);
  return typeof kind === "function" ? kind(aggregate) : kind;
};
