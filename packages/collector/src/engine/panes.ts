import type { AggregateKind } from "./aggregates/aggregate.ts";
import type { Occurrence } from "./occurrence.ts";

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
  keep: number,
  kind: AggregateKind<S>,
  pane: number,
  value: unknown,
  event: Occurrence,
): void => {
  const place = placeOf(panes, pane);
  const known = panes[place];
  if (known?.[0] === pane) {
    known[1] = kind.add(known[1], value, event);
  } else if (place === panes.length - 1) {
    panes.push([pane, kind.add(kind.zero(), value, event)]);
    dropBefore(panes, pane - keep + 1);
  } else if (pane > newestOf(panes) - keep) {
    panes.splice(place + 1, 0, [pane, kind.add(kind.zero(), value, event)]);
  }
};

const newestOf = (panes: Panes): number => panes.at(-1)?.[0] ?? Number.NEGATIVE_INFINITY;

const dropBefore = (panes: Panes, pane: number): void => {
  while (panes[0] !== undefined && panes[0][0] < pane) panes.shift();
};

/** Takes in the panes of other events, and shares nothing with them; at most `keep` panes up to the newest stay. */
export const absorbPanes = <S>(panes: Panes<S>, others: Panes<S>, kind: AggregateKind<S>, keep: number): void => {
  for (const [pane, partial] of others) {
    const place = placeOf(panes, pane);
    const known = panes[place];
    if (known?.[0] === pane) known[1] = kind.merge(known[1], partial);
    else panes.splice(place + 1, 0, [pane, kind.merge(kind.zero(), partial)]);
  }
  dropBefore(panes, newestOf(panes) - keep + 1);
};

/** The partial result of the panes from `first` on. */
export const partialFrom = <S>(panes: Panes<S>, first: number, kind: AggregateKind<S>): S =>
  panes.reduce((total, [pane, partial]) => (pane < first ? total : kind.merge(total, partial)), kind.zero());
