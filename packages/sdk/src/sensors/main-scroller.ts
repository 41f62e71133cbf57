import type { ScrollGeometry } from "../measures/depth.ts";
import { getComputedStyle, Math } from "../platform.ts";
import { call, read } from "./members.ts";

/**
 * Largest distance by which a page still scrolls when an inner scroller has its content, as a part of the viewport. A
 * phone's address bar makes the viewport smaller than a page of its height.
 */
const MAX_LEAK = 0.25;

/** The style of a scroller. The document's own is that of its body. */
const styleOf = (scroller: Element): CSSStyleDeclaration =>
  getComputedStyle((scroller === read(document, "documentElement") && read(document, "body")) || scroller);

/** The properties of a scroller in one direction, and of its style. */
const DOWN = ["scrollTop", "clientHeight", "scrollHeight", "overflowY"] as const;
const SIDEWAYS = ["scrollLeft", "clientWidth", "scrollWidth", "overflowX"] as const;

/** The direction in which the text of a scroller proceeds: sideways in vertical writing modes. */
const directionOf = (scroller: Element): typeof DOWN | typeof SIDEWAYS =>
  read(scroller, "scrollWidth") > read(scroller, "clientWidth") + 1 && !/^h/.test(styleOf(scroller).writingMode)
    ? SIDEWAYS
    : DOWN;

/**
 * Reads the position and size of a scroller, in the direction in which its text proceeds. The offset is the distance
 * from the start of the content, wherever that is: at the bottom with `flex-direction: column-reverse`.
 */
export const geometryOf = (scroller: Element): ScrollGeometry => {
  const [position, viewport, content] = directionOf(scroller);
  const { writingMode, flexDirection } = styleOf(scroller);
  const offset = Math.round(read(scroller, position));
  return {
    // A negative offset of any other scroller is overscroll.
    offset: /reverse|rl$/.test(flexDirection + writingMode) ? Math.abs(offset) : offset,
    viewport_height: read(scroller, viewport),
    content_height: read(scroller, content),
  };
};

const rangeOf = (scroller: Element): number => {
  const { content_height, viewport_height } = geometryOf(scroller);
  return content_height - viewport_height;
};

const areaOf = (element: Element): number => read(element, "clientWidth") * read(element, "clientHeight");

/** Whether an inner scroller has the main content: it fills at least half of the viewport. */
const dominates = (element: Element, page: Element): boolean =>
  areaOf(element) * 2 >= areaOf(page) && rangeOf(element) > 1;

const overflowOf = (element: Element, style: CSSStyleDeclaration): string => style[directionOf(element)[3]];

const isScroller = (element: Element): boolean => /auto|scroll/.test(overflowOf(element, getComputedStyle(element)));

/** Whether the style of the page, or else that of its body, forbids the visitor to scroll it. */
const forbidsScrolling = (page: Element): boolean => {
  const overflow = overflowOf(page, getComputedStyle(page));
  return /hidden|clip/.test(overflow === "visible" ? overflowOf(page, styleOf(page)) : overflow);
};

/** Whether a scroller is the page, and the page's content is longer than the page: a dialog may have locked it. */
export const isLockedPage = (scroller: Element): boolean => {
  const body = read(document, "body");
  return !!body && call(scroller, "contains", body) && body.scrollHeight > read(scroller, "clientHeight") * 1.1;
};

/** The elements in the middle of the viewport, also in open shadow roots, the innermost first. */
const elementsInMiddle = (root: Document | ShadowRoot): Element[] => {
  const elements: Element[] = [];
  for (const element of call(root, "elementsFromPoint", window.innerWidth / 2, window.innerHeight / 2)) {
    // Chromium's list for a shadow root also has the elements around it.
    if (call(element, "getRootNode") !== root) continue;
    const inner = read(element, "shadowRoot");
    if (inner) elements.push(...elementsInMiddle(inner));
    elements.push(element);
  }
  return elements;
};

/**
 * Finds the scroller of a page's main content: the document, or an inner scroller that fills at least half of the
 * viewport. There is none while the document is empty.
 *
 * @param scrolled The element that has scrolled last.
 */
export type MainScroller = (scrolled?: Element) => Element | undefined;

/** Creates the search for the main scroller of one page view. */
export const createMainScroller = (): MainScroller => {
  let inner: Element | undefined;
  /** Whether the document was long and could be scrolled. From then on it has the content while it is locked, too. */
  let hasScrollingPage = false;

  return (scrolled) => {
    const page = read(document, "scrollingElement") ?? read(document, "documentElement");
    // After `document.open()` the document is empty until something is written.
    if (!page) return;
    if (scrolled && dominates(scrolled, page)) inner = scrolled;
    const isLong = rangeOf(page) > geometryOf(page).viewport_height * MAX_LEAK;
    hasScrollingPage ||= isLong && !forbidsScrolling(page);
    if (hasScrollingPage && (isLong || isLockedPage(page))) inner = undefined;
    else if (!(inner && read(inner, "isConnected")))
      inner = elementsInMiddle(document).find((element) => isScroller(element) && dominates(element, page));
    return inner ?? page;
  };
};
