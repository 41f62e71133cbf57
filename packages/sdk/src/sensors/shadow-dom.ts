/** The nearest element that a selector finds on or around this one, across shadow roots. */
export const closest = (element: Element | undefined, selector: string): Element | undefined =>
  element && (element.closest(selector) ?? closest((element.getRootNode() as ShadowRoot).host, selector));
