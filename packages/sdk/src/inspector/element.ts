/** Makes an element with attributes and children. */
export type CreateElement = <K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes?: Record<string, string>,
  ...children: (Node | string)[]
) => HTMLElementTagNameMap[K];

/** Makes elements of that document, without any HTML to parse. */
export const elementFactory =
  (document: Document): CreateElement =>
  (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

/** Gives a document or shadow root its only style sheet: a constructed one, which no Content Security Policy forbids. */
export const adopt = (root: Document | ShadowRoot, css: string): void => {
  const { defaultView } = root.ownerDocument ?? (root as Document);
  const sheet = new (defaultView as typeof globalThis & Window).CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
};
