import { closest } from "./shadow-dom.ts";

/** Whether not even the length of a field's content may be reported: the field is for a password or a payment card. */
export const isSecret = ({ type, autocomplete }: HTMLInputElement): boolean => /password|cc-/.test(type + autocomplete);

/** The element with `data-tm-ignore` on or around this one: its author keeps it out of all reports. */
export const ignoredBy = (element: Element | undefined): Element | undefined => closest(element, "[data-tm-ignore]");
