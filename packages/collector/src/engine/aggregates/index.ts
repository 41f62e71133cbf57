import type { Aggregate } from "@tidemark/schema";
import type { AggregateKind } from "./aggregate.ts";
import { count } from "./count.ts";
import { first, last } from "./ends.ts";
import { max, min } from "./extremes.ts";
import { latestPerViewMax, latestPerViewSum } from "./latest-per-view.ts";
import { span } from "./span.ts";
import { sum } from "./sum.ts";

const kinds = { count, sum, min, max, first, last, span };
const perView = { sum: latestPerViewSum, max: latestPerViewMax };

/** The kind that computes an aggregate of a definition. */
export const kindOf = (aggregate: Aggregate): AggregateKind<unknown> =>
  (aggregate.type === "latest_per_view" ? perView[aggregate.combine] : kinds[aggregate.type]) as AggregateKind<unknown>;
