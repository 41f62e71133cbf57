import type { AggregateFeature, Condition } from "@tidemark/schema";
import type { AggregateKind } from "./aggregates/aggregate.ts";
import { type AnyAggregate, kindOf } from "./aggregates/index.ts";
import { matcher } from "./condition.ts";
import type { EventContext } from "./event-context.ts";
import { type FieldReader, fieldReader, viewIdentity } from "./field.ts";
import { hashOf } from "./hash.ts";
import { type PaneLayout, paneLayoutOf } from "./pane-layout.ts";
import { addToPanes, mergePanesInto, type Panes, partialFrom } from "./panes.ts";

/**
 * An aggregate over the events of a source. Features with the same source, conditions, aggregate, version and size of
 * panes share one accumulator. Its cell in the state is a partial result, or one for each pane, and `null` until an
 * event satisfies the conditions.
 */
export interface Accumulator {
  /** Hash of the definition and of its aggregate's revision: the same in every deployment with the same definitions. */
  id: string;
  /** The type of the events, or `any`. */
  source: string;
  /** Whether it reads the events that the session credits to the page, instead of the page's own. */
  isCredit: boolean;
  /** Whether an event of the source satisfies the conditions. */
  isMatch(event: object, context: EventContext): boolean;
  /** Adds an event of the source that satisfies the conditions to a cell, and returns the cell. May change it. */
  add(cell: unknown, event: object, context: EventContext): unknown;
  /** Merges the cell of other events into a cell, and returns it. Never changes `other`, and shares nothing with it. */
  mergeInto(cell: unknown, other: unknown): unknown;
  /** Returns the partial result of the window of `paneCount` panes whose last pane contains the time `at`. */
  partial(cell: unknown, paneCount: number, at: number): unknown;
  kind: AggregateKind<unknown>;
}

/** The part of a feature's definition that identifies its accumulator. */
interface AccumulatorDefinition {
  source: string;
  where: readonly Condition[];
  aggregate: AnyAggregate;
  version: number;
  /** Size of the panes in milliseconds; `null` for a session or a lifetime. */
  pane_ms: number | null;
}

/**
 * Returns the accumulators of features, and the position of each feature's accumulator in that list, by the feature's
 * name.
 */
export const accumulatorsOf = (
  features: readonly AggregateFeature[],
): { accumulators: Accumulator[]; positionOf: Map<string, number> } => {
  const definitions = new Map<string, { definition: AccumulatorDefinition; paneCount: number }>();
  const keys = features.map(({ source, where = [], aggregate, version = 1, window }) => {
    const layout = paneLayoutOf(window);
    const definition: AccumulatorDefinition = { source, where, aggregate, version, pane_ms: layout?.pane_ms ?? null };
    const key = JSON.stringify(sorted(definition));
    const paneCount = Math.max(layout?.pane_count ?? 0, definitions.get(key)?.paneCount ?? 0);
    definitions.set(key, { definition, paneCount });
    return key;
  });
  const order = [...definitions.keys()];
  const accumulators = [...definitions].map(([key, { definition, paneCount }]) =>
    createAccumulator(
      idOf(`${key}${paneCount}${revisionOf(definition)}`),
      definition,
      definition.pane_ms === null ? null : { pane_ms: definition.pane_ms, pane_count: paneCount },
    ),
  );
  if (new Set(accumulators.map(({ id }) => id)).size < accumulators.length) {
    throw new Error(
      "two features with different definitions have the same accumulator id: change the version of one of them",
    );
  }
  return {
    accumulators,
    positionOf: new Map(features.map(({ name }, index) => [name, order.indexOf(keys[index] as string)])),
  };
};

/** Sorts the keys of all objects in a value, so that their order in the definition makes no difference. */
const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
};

const revisionOf = ({ aggregate }: AccumulatorDefinition): string => {
  const { revision } = kindOf(aggregate);
  return revision === undefined ? "" : ` revision ${revision}`;
};

/** Returns an id of at most seven characters. Ids are short, because every state lists those of its accumulators. */
const idOf = (text: string): string => (hashOf(text) % 36 ** 7).toString(36);

const readerOf = (aggregate: AnyAggregate): FieldReader | undefined => {
  if (!("field" in aggregate) || aggregate.field === undefined) return undefined;
  const { type, field } = aggregate;
  return type === "distinct" && field === "view_id" ? viewIdentity : fieldReader(field);
};

const createAccumulator = (
  id: string,
  { source, where, aggregate }: AccumulatorDefinition,
  layout: PaneLayout | null,
): Accumulator => {
  const kind = kindOf(aggregate);
  const { add } = kind;
  const read = readerOf(aggregate);
  const isMatch = where.length > 0 ? matcher(where) : undefined;
  const common = { id, source, kind, isCredit: aggregate.type === "credit", isMatch: isMatch ?? (() => true) };
  if (layout === null) {
    return {
      ...common,
      add: (cell, event, context) =>
        isMatch === undefined || isMatch(event, context)
          ? add(cell ?? kind.emptyPartial(), read === undefined ? undefined : read(event, context), context)
          : cell,
      mergeInto: (cell, other) => kind.mergeInto(cell ?? kind.emptyPartial(), other),
      partial: (cell) => cell ?? kind.emptyPartial(),
    };
  }
  const { pane_ms, pane_count: maxPanes } = layout;
  return {
    ...common,
    add(cell, event, context) {
      if (isMatch !== undefined && !isMatch(event, context)) return cell;
      const list = (cell ?? []) as Panes;
      const pane = Math.floor(context.time / pane_ms);
      addToPanes(list, maxPanes, kind, pane, read === undefined ? undefined : read(event, context), context);
      return list;
    },
    mergeInto(cell, other) {
      const list = (cell ?? []) as Panes;
      mergePanesInto(list, other as Panes, kind, maxPanes);
      return list;
    },
    partial: (cell, paneCount, at) =>
      partialFrom((cell ?? []) as Panes, Math.floor(at / pane_ms) - paneCount + 1, kind),
  };
};
