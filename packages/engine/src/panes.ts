import type { AggregateKind } from "./aggregates/aggregate.ts";
import type { EventContext } from "./event-context.ts";

/**
 * Panes, ascending, each with its partial result behind it: one list, because a state has many of few panes. A pane without events
 * is not there. Pane `n` covers the milliseconds from `n * pane_ms` to the last one before `(n + 1) * pane_ms`.
 */
export type Panes<S = unknown> = (number | S)[];

/** Position of the latest pane up to this one; -2 when all are later. */
const placeOf = (panes: Panes, pane: number): number => {
  let place = panes.length - 2;
  while (place >= 0 && (panes[place] as number) > pane) place -= 2;
  return place;
};

/** Takes an event into its pane; at most `keep` panes up to the newest stay. */
export const addToPanes = <S>(
  panes: Panes<S>,
  keep: number,
  kind: AggregateKind<S>,
  pane: number,
  value: unknown,
  event: EventContext,
): void => {
  const place = placeOf(panes, pane);
  if (place >= 0 && panes[place] === pane) {
    panes[place + 1] = kind.add(panes[place + 1] as S, value, event);
  } else if (place === panes.length - 2) {
    panes.push(pane, kind.add(kind.emptyPartial(), value, event));
    dropBefore(panes, pane - keep + 1);
  } else if (pane > newestOf(panes) - keep) {
    panes.splice(place + 2, 0, pane, kind.add(kind.emptyPartial(), value, event));
  }
};

const newestOf = (panes: Panes): number => (panes.at(-2) as number | undefined) ?? Number.NEGATIVE_INFINITY;

const dropBefore = (panes: Panes, pane: number): void => {
  let dropped = 0;
  while (dropped < panes.length && (panes[dropped] as number) < pane) dropped += 2;
  if (dropped > 0) panes.splice(0, dropped);
};

/** Takes in the panes of other events, and shares nothing with them; at most `keep` panes up to the newest stay. */
export const mergePanesInto = <S>(panes: Panes<S>, others: Panes<S>, kind: AggregateKind<S>, keep: number): void => {
  for (let index = 0; index < others.length; index += 2) {
    const pane = others[index] as number;
    const partial = others[index + 1] as S;
    const place = placeOf(panes, pane);
    if (place >= 0 && panes[place] === pane) panes[place + 1] = kind.mergeInto(panes[place + 1] as S, partial);
    else panes.splice(place + 2, 0, pane, kind.mergeInto(kind.emptyPartial(), partial));
  }
  dropBefore(panes, newestOf(panes) - keep + 1);
};

/** The partial result of the panes from `first` on. */
export const partialFrom = <S>(panes: Panes<S>, first: number, kind: AggregateKind<S>): S => {
  let total = kind.emptyPartial();
  for (let index = placeOf(panes, first - 1) + 2; index < panes.length; index += 2) {
    total = kind.mergeInto(total, panes[index + 1] as S);
  }
  return total;
};
