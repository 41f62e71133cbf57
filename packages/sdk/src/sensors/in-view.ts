/** Every percent: a long text fills the viewport with a few percent of itself. */
const PERCENTS = Array.from({ length: 101 }, (_, percent) => percent / 100);

/**
 * Watches elements come into view and leave it: an element is in view when half of it is visible, or when it fills half
 * of the viewport's height. Reports each percent more or less (`share`, 0 to 1), soon after an element is first observed,
 * and when it leaves the document. Geometry comes from the browser, after layout: none is read. Nothing is reported while the
 * page is hidden.
 *
 * @returns `undefined` where the browser has no IntersectionObserver.
 */
export const createViewObserver = (
  listener: (element: Element, isInView: boolean, share: number) => void,
): IntersectionObserver | undefined =>
  globalThis.IntersectionObserver &&
  new IntersectionObserver(
    (entries) => {
      for (const { target, intersectionRatio, intersectionRect } of entries)
        listener(target, intersectionRatio >= 0.5 || intersectionRect.height * 2 >= innerHeight, intersectionRatio);
    },
    { threshold: PERCENTS },
  );
