/** The nearest element, on or around this one, that matches a selector, across shadow roots. */
export const closest = (element: Element | undefined, selector: string): Element | undefined =>
  element && (element.closest(selector) ?? closest((element.getRootNode() as ShadowRoot).host, selector));
