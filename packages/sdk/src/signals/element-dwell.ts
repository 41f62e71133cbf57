import type { Signal } from "../events/signal.ts";
import { now } from "../sensors/clock.ts";
import { createViewObserver } from "../sensors/in-view.ts";
import { combineStops } from "../sensors/listen.ts";
import { isVisible, onPageChange } from "../sensors/page-state.ts";
import { ignoredBy } from "../sensors/privacy.ts";
import { describe } from "../sensors/target.ts";

/** The attribute that marks an element. */
export const DWELL_ATTRIBUTE = "data-tm-dwell";

const MARKED = `[${DWELL_ATTRIBUTE}]`;

/**
 * Element dwell: how long each element marked with the attribute `data-tm-dwell` was in sight while the page was visible, in
 * total for the page view: half of the element, or as much of it as fills half of the viewport's height. A stay ends when
 * the element goes out of sight or the page is hidden. Reported for each element that has been in sight since the last
 * report, when the page is hidden, on flush and when the view ends. Elements added or marked later count as well, from then
 * on, and until the mark is taken away; those in shadow roots do not.
 */
export const elementDwell = (): Signal => (context) => {
  const stays = new Map<Element, ReturnType<typeof follow>>();

  /** Follows an element through a view. */
  const follow = (element: Element) => {
    const totals = { target: describe(element), visible_ms: 0, longest_ms: 0, stays: 0, share_max: 0 };
    let isInView = false;
    /** Up to when the stay that goes on is counted; 0 when none does. */
    let since = 0;
    let stay = 0;
    let reported = 0;

    /** Counts up to now, and begins or ends a stay as the element and the page are now. */
    return (isWanted: boolean, isInViewNow = isInView, share = 0) => {
      isInView = isInViewNow;
      const isSeen = isInView && isVisible();
      const at = now();
      if (since) {
        stay += at - since;
        totals.visible_ms += at - since;
        totals.longest_ms = Math.max(totals.longest_ms, stay);
      } else if (isSeen) {
        stay = 0;
        totals.stays += 1;
      }
      since = isSeen ? at : 0;
      totals.share_max = Math.max(totals.share_max, Math.round(share * 1e4) / 100);
      if (isWanted && totals.visible_ms > reported) {
        reported = totals.visible_ms;
        context.capture("element_dwell", totals);
      }
    };
  };

  const observer = createViewObserver((element, isInView, share) => {
    if (ignoredBy(element)) return;
    if (!stays.has(element)) stays.set(element, follow(element));
    stays.get(element)?.(false, isInView, share);
  });
  if (!observer) return () => {};

  const settleAll = (isWanted: boolean) => {
    for (const settle of stays.values()) settle(isWanted);
  };

  const find = (root: ParentNode) => {
    for (const element of root.querySelectorAll(MARKED)) observer.observe(element);
  };

  const begin = () => {
    stays.clear();
    observer.disconnect();
    find(document);
  };

  const look = (element: Element) => {
    if (!element.matches(MARKED)) {
      observer.unobserve(element);
      stays.get(element)?.(false, false);
    } else if (isVisible()) observer.observe(element);
  };

  const changes = new MutationObserver((records) => {
    for (const { type, target, addedNodes } of records)
      for (const node of type === "attributes" ? [target] : addedNodes)
        if (node instanceof Element) {
          look(node);
          // What is added or marked while the page is hidden is found when it is shown.
          if (isVisible()) find(node);
        }
  });

  begin();
  changes.observe(document, { childList: true, subtree: true, attributeFilter: [DWELL_ATTRIBUTE] });
  return combineStops(
    context.on("view", begin),
    context.on("report", () => settleAll(true)),
    onPageChange((change) => {
      if (change === "visible") find(document);
      settleAll(false);
    }),
    () => {
      observer.disconnect();
      changes.disconnect();
    },
  );
};
