/** Whether not even the length of what is in a field may be told: it is for a password or a payment card. */
export const isSecret = ({ type, autocomplete }: HTMLInputElement): boolean => /password|cc-/.test(type + autocomplete);

/** The nearest element that a selector finds on or around this one, across shadow roots. */
export const closest = (element: Element | undefined, selector: string): Element | undefined =>
  element && (element.closest(selector) ?? closest((element.getRootNode() as ShadowRoot).host, selector));

/** The element with `data-tm-ignore` on or around this one: its author keeps it out of all reports. */
export const ignoredBy = (element: Element | undefined): Element | undefined => closest(element, "[data-tm-ignore]");
