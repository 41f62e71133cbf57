import type { AggregateKind, Occurrence } from "./aggregates/aggregate.ts";

/**
 * Partial results by pane, ascending; a pane without events is not there. Pane `n` covers the milliseconds from
 * `n * pane_ms` to the last one before `(n + 1) * pane_ms`.
 */
export type Panes<S = unknown> = [pane: number, partial: S][];

/** Position of the latest pane up to this one; -1 when all are later. */
const placeOf = (panes: Panes, pane: number): number => {
  let place = panes.length - 1;
  while (place >= 0 && (panes[place] as Panes[number])[0] > pane) place -= 1;
  return place;
};

/** Takes an event into its pane; at most `keep` panes up to the newest stay. */
export const addToPanes = <S>(
  panes: Panes<S>,
  kind: AggregateKind<S>,
  { pane, keep }: { pane: number; keep: number },
  value: unknown,
  event: Occurrence,
): void => {
  const place = placeOf(panes, pane);
  const known = panes[place];
  if (known?.[0] === pane) {
    known[1] = kind.add(known[1], value, event);
    return;
  }
  const newest = panes.at(-1)?.[0] ?? pane;
  if (pane <= newest - keep) return;
  panes.splice(place + 1, 0, [pane, kind.add(kind.zero(), value, event)]);
  if (pane > newest) dropBefore(panes, pane - keep + 1);
};

const dropBefore = (panes: Panes, pane: number): void => {
  const stale = panes.findIndex(([each]) => each >= pane);
  if (stale > 0) panes.splice(0, stale);
};

/** Takes in the panes of other events, and shares nothing with them; at most `keep` panes up to the newest stay. */
export const absorbPanes = <S>(panes: Panes<S>, others: Panes<S>, kind: AggregateKind<S>, keep: number): void => {
  for (const [pane, partial] of others) {
    const place = placeOf(panes, pane);
    const known = panes[place];
    if (known?.[0] === pane) known[1] = kind.merge(known[1], partial);
    else panes.splice(place + 1, 0, [pane, kind.merge(kind.zero(), partial)]);
  }
  dropBefore(panes, (panes.at(-1)?.[0] ?? 0) - keep + 1);
};

/** The partial result of the panes from `first` on. */
export const partialFrom = <S>(panes: Panes<S>, first: number, kind: AggregateKind<S>): S =>
  panes.reduce((total, [pane, partial]) => (pane < first ? total : kind.merge(total, partial)), kind.zero());
