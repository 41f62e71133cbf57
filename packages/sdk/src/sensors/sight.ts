/** Every percent: a long text fills the viewport with a few percent of itself. */
const PERCENTS = Array.from({ length: 101 }, (_, percent) => percent / 100);

/**
 * Watches elements come into sight and leave it: an element is in sight when half of it is visible, or when it fills half
 * of the viewport's height. Hears of each percent more or less (`share`, 0 to 1), soon after an element is first observed,
 * and when it leaves the document. Geometry comes from the browser, after layout: none is read. Nothing is heard while the
 * page is hidden.
 *
 * @returns Nothing where the browser has no IntersectionObserver.
 */
export const createSight = (
  hear: (element: Element, isInSight: boolean, share: number) => void,
): IntersectionObserver | undefined =>
  globalThis.IntersectionObserver &&
  new IntersectionObserver(
    (entries) => {
      for (const { target, intersectionRatio, intersectionRect } of entries)
        hear(target, intersectionRatio >= 0.5 || intersectionRect.height * 2 >= innerHeight, intersectionRatio);
    },
    { threshold: PERCENTS },
  );
