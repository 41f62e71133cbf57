import type { AggregateKind } from "./aggregates/aggregate.ts";
import type { EventContext } from "./event-context.ts";

/**
 * The panes that have events, in ascending order: one list that alternates between the number of a pane and its partial
 * result. One list instead of two, because a state has many lists of few panes. Pane `n` covers the milliseconds from
 * `n * pane_ms` up to, and without, `(n + 1) * pane_ms`.
 */
export type Panes<S = unknown> = (number | S)[];

/** Position of the last pane that is not after the given one; -2 when all panes are after it. */
const positionOf = (panes: Panes, pane: number): number => {
  let position = panes.length - 2;
  while (position >= 0 && (panes[position] as number) > pane) position -= 2;
  return position;
};

/**
 * Adds an event to its pane. Drops panes numbered `latest − maxPanes` or lower, where `latest` is the highest number.
 */
export const addToPanes = <S>(
  panes: Panes<S>,
  maxPanes: number,
  kind: AggregateKind<S>,
  pane: number,
  value: unknown,
  event: EventContext,
): void => {
  const position = positionOf(panes, pane);
  if (position >= 0 && panes[position] === pane) {
    panes[position + 1] = kind.add(panes[position + 1] as S, value, event);
  } else if (position === panes.length - 2) {
    panes.push(pane, kind.add(kind.emptyPartial(), value, event));
    dropBefore(panes, pane - maxPanes + 1);
  } else if (pane > latestOf(panes) - maxPanes) {
    panes.splice(position + 2, 0, pane, kind.add(kind.emptyPartial(), value, event));
  }
};

const latestOf = (panes: Panes): number => (panes.at(-2) as number | undefined) ?? Number.NEGATIVE_INFINITY;

const dropBefore = (panes: Panes, pane: number): void => {
  let dropped = 0;
  while (dropped < panes.length && (panes[dropped] as number) < pane) dropped += 2;
  if (dropped > 0) panes.splice(0, dropped);
};

/**
 * Merges the panes of other events into `panes`. The result shares nothing with `others`. Drops panes numbered
 * `latest − maxPanes` or lower, where `latest` is the highest number.
 */
export const mergePanesInto = <S>(
  panes: Panes<S>,
  others: Panes<S>,
  kind: AggregateKind<S>,
  maxPanes: number,
): void => {
  for (let index = 0; index < others.length; index += 2) {
    const pane = others[index] as number;
    const partial = others[index + 1] as S;
    const position = positionOf(panes, pane);
    if (position >= 0 && panes[position] === pane)
      panes[position + 1] = kind.mergeInto(panes[position + 1] as S, partial);
    else panes.splice(position + 2, 0, pane, kind.mergeInto(kind.emptyPartial(), partial));
  }
  dropBefore(panes, latestOf(panes) - maxPanes + 1);
};

/** Merges the panes from `first` on into one partial result. */
export const partialFrom = <S>(panes: Panes<S>, first: number, kind: AggregateKind<S>): S => {
  let total = kind.emptyPartial();
  for (let index = positionOf(panes, first - 1) + 2; index < panes.length; index += 2) {
    total = kind.mergeInto(total, panes[index + 1] as S);
  }
  return total;
};

/** The times at which panes leave a window of `paneCount` panes, in UTC milliseconds and ascending. */
export const leavingTimes = (panes: Panes, paneMs: number, paneCount: number): number[] =>
  panes.filter((_, index) => index % 2 === 0).map((pane) => ((pane as number) + paneCount) * paneMs);
