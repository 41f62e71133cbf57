import { guard } from "../guard.ts";
import { Array, IntersectionObserver } from "../platform.ts";

/** Every percent, because a few percent of a long text fill the viewport. Old libraries replace `Array.from`. */
const thresholds = () => [...Array(101).keys()].map((percent) => percent / 100);

/**
 * Creates an observer that reports whether elements are in view. An element is in view when half of it is visible, or
 * when it fills half of the viewport's height.
 *
 * It reports each change of the visible share by a percent, soon after `observe`, and when an element leaves the
 * document. The browser supplies the geometry after layout, so that nothing forces a layout. It reports nothing while
 * the page is hidden.
 *
 * @param listener `share`: the visible share of the element, 0 to 1.
 *
 * @returns `undefined` where the browser has no IntersectionObserver.
 */
export const createViewObserver = (
  listener: (element: Element, isInView: boolean, share: number) => void,
): IntersectionObserver | undefined =>
  IntersectionObserver &&
  new IntersectionObserver(
    guard((entries: IntersectionObserverEntry[]) => {
      for (const { target, intersectionRatio, intersectionRect } of entries)
        listener(
          target,
          intersectionRatio >= 0.5 || intersectionRect.height * 2 >= window.innerHeight,
          intersectionRatio,
        );
    }),
    { threshold: thresholds() },
  );
