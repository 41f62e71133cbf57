import { call, read } from "./members.ts";

const SHADOW_ROOT = 11;

/** Whether a node is a shadow root, also one of another frame. */
const isShadowRoot = (node: EventTarget): node is ShadowRoot => read(node as Node, "nodeType") === SHADOW_ROOT;

/**
 * The host of the shadow root around a node. The root of a node may have another `host`: a link that is not in the
 * document has one, and so does a document with an image of that name.
 */
const hostOf = (node: Node): Element | undefined => {
  const root = call(node, "getRootNode");
  return isShadowRoot(root) ? root.host : undefined;
};

/** The element around a node, across shadow roots. */
export const parentOf = (node: Node): Element | undefined => read(node, "parentElement") ?? hostOf(node);

/** The nearest element, on or around this one, that matches a selector, across shadow roots. */
export const closest = (element: Element | undefined, selector: string): Element | undefined =>
  element && (call(element, "closest", selector) ?? closest(hostOf(element), selector));

/** The open shadow roots in the path of an event. */
export const rootsIn = (path: EventTarget[]): ShadowRoot[] => path.filter(isShadowRoot);
