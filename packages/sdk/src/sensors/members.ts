import { Object, Reflect } from "../platform.ts";

/**
 * Reads a property of an element or of the document, from its prototypes. A field with the name of a property hides
 * that property of its form, and an image or a form with such a name hides the property of the document. A script may
 * give any element a property of its own with such a name. A property that nothing hides is read directly, which takes
 * half the time.
 */
export const read = <T extends object, K extends keyof T>(node: T, name: K): T[K] =>
  Object.hasOwn(node, name) ? Reflect.get(Object.getPrototypeOf(node), name, node) : node[name];

/** Sets a property of an element or of the document, from its prototypes like {@link read}. */
export const write = <T extends object, K extends keyof T>(node: T, name: K, value: T[K]): void => {
  Reflect.set(Object.getPrototypeOf(node), name, value, node);
};

/** Calls a method of an element, of the document or of the window, from its prototypes like {@link read}. */
export const call = <T extends object, K extends keyof T>(
  node: T,
  name: K,
  ...args: T[K] extends (...args: infer A) => unknown ? A : never
): T[K] extends (...args: never) => infer R ? R : never =>
  Reflect.apply(read(node, name) as () => unknown, node, args) as never;

/** Whether an object is an element. */
export const isElement = (object: object): object is Element => read(object as Node, "nodeType") === 1;
