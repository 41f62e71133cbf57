import type { Credit } from "@tidemark/schema";
import { type Exact, fromMillionths, millionths, plus } from "../exact.ts";
import { shareOf } from "../touches.ts";
import type { AggregateKind } from "./aggregate.ts";
import { isSummable } from "./sum.ts";

/**
 * Sum of a page's shares in events or, with a field, in their values, in whole millionths. Zero for no events. An event
 * without a credit is one of the page itself, and adds nothing.
 */
export const credit = (settings: Credit): AggregateKind<Exact> => ({
  emptyPartial: () => 0,
  add(partial, value, { credit }) {
    const amount = settings.field === undefined ? 1 : value;
    return credit && isSummable(amount) ? plus(partial, millionths(amount * shareOf(settings, credit))) : partial;
  },
  mergeInto: plus,
  result: fromMillionths,
});
