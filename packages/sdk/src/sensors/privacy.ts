import { closest } from "./shadow-dom.ts";

/** Whether a field is for a password or a payment card. Not even the length of its content may be reported. */
export const isSecret = ({ type, autocomplete }: HTMLInputElement): boolean => /password|cc-/.test(type + autocomplete);

/** The nearest element with `data-tm-ignore`, on or around this one. Nothing in it may be reported. */
export const ignoredBy = (element: Element | undefined): Element | undefined => closest(element, "[data-tm-ignore]");
