import { Object } from "../platform.ts";

/** Creates an element with attributes and children. */
export type CreateElement = <K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes?: Record<string, string>,
  ...children: (Node | string)[]
) => HTMLElementTagNameMap[K];

/** Returns a function that creates elements of a document, without parsing HTML. */
export const elementFactory =
  (document: Document): CreateElement =>
  (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

/** Sets the only style sheet of a document or shadow root: a constructed one, which no Content Security Policy blocks. */
export const setStyle = (root: Document | ShadowRoot, css: string): void => {
  const { defaultView } = root.ownerDocument ?? (root as Document);
  const sheet = new (defaultView as typeof globalThis & Window).CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
};
