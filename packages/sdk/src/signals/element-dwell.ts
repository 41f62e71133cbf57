import type { Signal } from "../events/signal.ts";
import { guard } from "../guard.ts";
import { bounded } from "../measures/bounds.ts";
import { Map, Math, MutationObserver } from "../platform.ts";
import { now } from "../sensors/clock.ts";
import { createViewObserver } from "../sensors/in-view.ts";
import { onInput } from "../sensors/input.ts";
import { combineStops } from "../sensors/listen.ts";
import { call, isElement } from "../sensors/members.ts";
import { isVisible, onPageChange } from "../sensors/page-state.ts";
import { ignoredBy } from "../sensors/privacy.ts";
import { describe } from "../sensors/target.ts";

/** The attribute that marks the elements to measure. */
export const DWELL_ATTRIBUTE = "data-tm-dwell";

const MARKED = `[${DWELL_ATTRIBUTE}]`;

/**
 * Captures element dwell: for how long each element with the attribute `data-tm-dwell` was in view while the page was
 * visible, in total for the page view. An element is in view when half of it is visible, or when it fills half of the
 * viewport's height. A stay ends when the element goes out of view or the page is hidden.
 *
 * It reports each element that was in view since its last report, when the page is hidden, on flush and when the page
 * view ends. Elements that are added or marked later count from then on, until the attribute is removed. Elements in
 * shadow roots do not count.
 */
export const elementDwell = (): Signal => (context) => {
  context.runs("elementDwell");
  const counters = new Map<Element, ReturnType<typeof createCounter>>();

  /** Creates the counter of an element in a page view. */
  const createCounter = (element: Element) => {
    const totals = { target: describe(element), visible_ms: 0, longest_ms: 0, stays: 0, share_max: 0 };
    let isInView = false;
    /** Time up to which the current stay is counted; 0 without one. */
    let countedUntil = 0;
    let stay = 0;
    let reported = 0;

    /** Counts the time until now, and starts or ends a stay. */
    return (isRequested: boolean, isInViewNow = isInView, share = 0) => {
      isInView = isInViewNow;
      const isShown = isInView && isVisible();
      const at = now();
      if (countedUntil) {
        stay += at - countedUntil;
        totals.visible_ms += at - countedUntil;
        totals.longest_ms = Math.max(totals.longest_ms, stay);
      } else if (isShown) {
        stay = 0;
        totals.stays += 1;
      }
      countedUntil = isShown ? at : 0;
      totals.share_max = Math.max(totals.share_max, Math.round(bounded(share, 0, 1) * 1e4) / 100);
      if (isRequested && totals.visible_ms > reported) {
        reported = totals.visible_ms;
        context.capture("element_dwell", totals);
      }
    };
  };

  const observer = createViewObserver((element, isInView, share) => {
    if (ignoredBy(element)) return;
    if (!counters.has(element)) counters.set(element, createCounter(element));
    counters.get(element)?.(false, isInView, share);
  });
  if (!observer) return () => {};

  const updateAll = (isRequested: boolean) => {
    for (const update of counters.values()) update(isRequested);
  };

  const observeMarked = (root: ParentNode) => {
    for (const element of call(root, "querySelectorAll", MARKED)) observer.observe(element);
  };

  const startView = () => {
    counters.clear();
    observer.disconnect();
    observeMarked(document);
  };

  const checkMark = (element: Element) => {
    if (!call(element, "matches", MARKED)) {
      observer.unobserve(element);
      counters.get(element)?.(false, false);
    } else if (isVisible()) observer.observe(element);
  };

  const changes = new MutationObserver(
    guard((records: MutationRecord[]) => {
      for (const { type, target, addedNodes } of records)
        for (const node of type === "attributes" ? [target] : addedNodes)
          if (isElement(node)) {
            checkMark(node);
            // Elements that are added or marked while the page is hidden are found when it is shown.
            if (isVisible()) observeMarked(node);
          }
    }),
  );

  startView();
  changes.observe(document, { childList: true, subtree: true, attributeFilter: [DWELL_ATTRIBUTE] });
  return combineStops(
    context.on("view", startView),
    context.on("report", () => updateAll(true)),
    onInput(() => context.continueSession()),
    onPageChange((change) => {
      if (change === "visible") {
        context.continueSession();
        observeMarked(document);
      }
      updateAll(false);
    }),
    () => {
      observer.disconnect();
      changes.disconnect();
    },
  );
};
