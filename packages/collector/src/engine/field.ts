/** Compiles a dotted path into a function that reads it; what is not there is `undefined`. */
export const fieldReader = (path: string): ((event: object) => unknown) => {
  const dot = path.indexOf(".");
  if (dot < 0) return (event) => (event as Record<string, unknown>)[path];
  const outer = path.slice(0, dot);
  const inner = path.slice(dot + 1);
  return (event) => {
    const object = (event as Record<string, unknown>)[outer] as Record<string, unknown> | null | undefined;
    return object === undefined || object === null ? undefined : ownValue(object, inner);
  };
};

/** Free-form objects come from outside: `properties.constructor` is no field. */
const ownValue = (object: Record<string, unknown>, key: string): unknown =>
  Object.hasOwn(object, key) ? object[key] : undefined;
