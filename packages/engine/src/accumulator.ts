import type { AggregateFeature, Condition } from "@tidemark/schema";
import type { AggregateKind } from "./aggregates/aggregate.ts";
import { type AnyAggregate, kindOf } from "./aggregates/index.ts";
import { matcher } from "./condition.ts";
import type { EventContext } from "./event-context.ts";
import { fieldReader } from "./field.ts";
import { hashOf } from "./hash.ts";
import { type PaneLayout, paneLayoutOf } from "./pane-layout.ts";
import { addToPanes, mergePanesInto, type Panes, partialFrom } from "./panes.ts";

/**
 * One accumulator, which all features share that say the same of source, condition, aggregate, version and panes. Its cell
 * in the state is a partial result, or one for each pane, and `null` as long as no event met the conditions.
 */
export interface Accumulator {
  /** Names what the accumulator accumulates: the same in every deployment whose definitions say the same. */
  id: string;
  source: string;
  /** Takes in an event of the source, with what aggregates may know of it, when it meets the conditions. */
  add(cell: unknown, event: object, context: EventContext): unknown;
  /** Takes in the cell of other events, leaves it as it is and shares nothing with it. */
  mergeInto(cell: unknown, other: unknown): unknown;
  /** The partial result of a window of `panes` panes that ends with the one which `at` lies in. */
  partial(cell: unknown, panes: number, at: number): unknown;
  kind: AggregateKind<unknown>;
}

/** What a accumulator does, of a feature. */
interface AccumulatorKey {
  source: string;
  where: readonly Condition[];
  aggregate: AnyAggregate;
  version: number;
  /** Size of its panes; `null` for one that covers everything. */
  pane_ms: number | null;
}

/** The accumulators of features, and for each feature the one it reads. */
export const accumulatorsOf = (
  features: readonly AggregateFeature[],
): { accumulators: Accumulator[]; positionOf: Map<string, number> } => {
  const contents = new Map<string, { content: AccumulatorKey; panes: number }>();
  const keys = features.map(({ source, where = [], aggregate, version = 1, window }) => {
    const layout = paneLayoutOf(window);
    const content: AccumulatorKey = { source, where, aggregate, version, pane_ms: layout?.pane_ms ?? null };
    const key = JSON.stringify(sorted(content));
    contents.set(key, { content, panes: Math.max(layout?.panes ?? 0, contents.get(key)?.panes ?? 0) });
    return key;
  });
  const order = [...contents.keys()];
  const accumulators = [...contents].map(([key, { content, panes }]) =>
    createAccumulator(
      idOf(`${key}${panes}`),
      content,
      content.pane_ms === null ? null : { pane_ms: content.pane_ms, panes },
    ),
  );
  if (new Set(accumulators.map(({ id }) => id)).size < accumulators.length) {
    throw new Error("two features that say different things have the same hash; give one of them another version");
  }
  return {
    accumulators,
    positionOf: new Map(features.map(({ name }, index) => [name, order.indexOf(keys[index] as string)])),
  };
};

/** The same value with the keys of its objects in one order, so that the order of writing makes no difference. */
const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
};

/** Seven characters of base 36: short, because every state names its accumulators. */
const idOf = (text: string): string => (hashOf(text) % 36 ** 7).toString(36);

const createAccumulator = (
  id: string,
  { source, where, aggregate }: AccumulatorKey,
  layout: PaneLayout | null,
): Accumulator => {
  const kind = kindOf(aggregate);
  const { add } = kind;
  const read = "field" in aggregate ? fieldReader(aggregate.field) : undefined;
  const meets = where.length > 0 ? matcher(where) : undefined;
  if (layout === null) {
    return {
      id,
      source,
      kind,
      add: (cell, event, context) =>
        meets === undefined || meets(event, context)
          ? add(cell ?? kind.emptyPartial(), read === undefined ? undefined : read(event, context), context)
          : cell,
      mergeInto: (cell, other) => kind.mergeInto(cell ?? kind.emptyPartial(), other),
      partial: (cell) => cell ?? kind.emptyPartial(),
    };
  }
  const { pane_ms, panes: keep } = layout;
  return {
    id,
    source,
    kind,
    add(cell, event, context) {
      if (meets !== undefined && !meets(event, context)) return cell;
      const kept = (cell ?? []) as Panes;
      const pane = Math.floor(context.time / pane_ms);
      addToPanes(kept, keep, kind, pane, read === undefined ? undefined : read(event, context), context);
      return kept;
    },
    mergeInto(cell, other) {
      const kept = (cell ?? []) as Panes;
      mergePanesInto(kept, other as Panes, kind, keep);
      return kept;
    },
    partial: (cell, panes, at) => partialFrom((cell ?? []) as Panes, Math.floor(at / pane_ms) - panes + 1, kind),
  };
};
