import type { EngineState } from "../engine/engine.ts";
import type { Delta } from "../rollup/rollup.ts";

/**
 * What a session owes to rollups, kept in its row beside the state that it was folded with. A delta that may be on its way is
 * sealed: it stays as it is, under its number, until its rollup has confirmed it. What is folded meanwhile waits in the next.
 */
export interface Outbox {
  /** Number of the latest delta. */
  last_n: number;
  /** Deltas that a rollup may have seen; those of one entity and id in the order of their numbers. */
  sealed: Delta[];
  /** Deltas that nobody has seen yet, by entity and id. */
  open: Map<string, Delta>;
}

const keyOf = ({ entity, id }: Pick<Delta, "entity" | "id">): string => `${entity}:${id}`;

/** An outbox with nothing in it. */
export const newOutbox = (): Outbox => ({ last_n: 0, sealed: [], open: new Map() });

/** The delta that takes in what is folded now. */
export const openDelta = (outbox: Outbox, entity: string, id: string, zero: () => EngineState): Delta => {
  const key = keyOf({ entity, id });
  let delta = outbox.open.get(key);
  if (!delta) {
    outbox.last_n += 1;
    delta = { entity, id, n: outbox.last_n, state: zero() };
    outbox.open.set(key, delta);
  }
  return delta;
};

/** Seals everything: after a restart nobody knows what was sent before it. */
export const sealAll = (outbox: Outbox): void => {
  outbox.sealed.push(...outbox.open.values());
  outbox.open.clear();
};

/** The deltas to send now, sealed: of each entity and id the earliest, so that a rollup gets them in order. */
export const due = (outbox: Outbox): Delta[] => {
  const first = new Map<string, Delta>();
  for (const delta of outbox.sealed) if (!first.has(keyOf(delta))) first.set(keyOf(delta), delta);
  for (const [key, delta] of outbox.open) {
    if (first.has(key)) continue;
    outbox.open.delete(key);
    outbox.sealed.push(delta);
    first.set(key, delta);
  }
  return [...first.values()];
};

/** Forgets a delta that its rollup has confirmed. */
export const confirm = (outbox: Outbox, { n }: Delta): void => {
  outbox.sealed = outbox.sealed.filter((delta) => delta.n !== n);
};

/** How many deltas are owed. */
export const owed = ({ sealed, open }: Outbox): number => sealed.length + open.size;
