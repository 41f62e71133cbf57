import type { LatestPerView } from "@tidemark/schema";
import { viewKey } from "../view-key.ts";
import { addViewValue, mergeViewValues, noViewValues, type ViewValues } from "../view-values.ts";
import type { AggregateKind } from "./aggregate.ts";

/**
 * The latest value of each page view by `seq`, combined by their sum (zero for no page views) or their maximum (`null`
 * for no page views). Exact up to 100 page views. Beyond them the sum of a cumulative field is never too large.
 */
export const latestPerView = ({ combine }: Pick<LatestPerView, "combine">): AggregateKind<ViewValues> => ({
  // Until revision 1, the page views of all tabs shared their ids.
  revision: 1,
  emptyPartial: noViewValues,
  add(partial, value, { tab_id, view_id, seq, view }) {
    if (typeof value === "number" && view_id !== undefined)
      addViewValue(partial, viewKey(tab_id, view_id), seq, value, view?.started_at);
    return partial;
  },
  mergeInto(a, b) {
    mergeViewValues(a, b);
    return a;
  },
  result({ values, settled }) {
    if (combine === "sum") return values.reduce((sum, value) => sum + value, settled?.sum ?? 0);
    return values.reduce<number | null>(
      (max, value) => (max === null ? value : Math.max(max, value)),
      settled?.max ?? null,
    );
  },
});
