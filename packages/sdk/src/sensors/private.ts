/** Whether not even the length of what is in a field may be told: it is for a password or a payment card. */
export const isSecret = ({ type, autocomplete }: HTMLInputElement): boolean => /password|cc-/.test(type + autocomplete);

/** The element with `data-tm-ignore` on or around this one, across shadow roots: its author keeps it out of all reports. */
export const ignoredBy = (element: Element | undefined): Element | undefined =>
  element && (element.closest("[data-tm-ignore]") ?? ignoredBy((element.getRootNode() as ShadowRoot).host));
