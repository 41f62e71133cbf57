import { type EventContext, isContextField } from "./event-context.ts";

/** Reads a field of an event or of its context; `undefined` when the field is absent. */
export type FieldReader = (event: object, context: EventContext) => unknown;

/** Reads the identity of an event's page view: its id is unique in its tab only, and the tab's in the session. */
export const viewIdentity: FieldReader = (_, { session_id, tab_id, view_id }) =>
  view_id === undefined ? undefined : `${session_id} ${tab_id} ${view_id}`;

/** Compiles a dotted path to a function that reads it. */
export const fieldReader = (path: string): FieldReader => {
  const dot = path.indexOf(".");
  const outer = dot < 0 ? path : path.slice(0, dot);
  const field: FieldReader = isContextField(outer)
    ? (_, context) => context[outer]
    : (event) => (event as Record<string, unknown>)[outer];
  if (dot < 0) return field;
  const inner = path.slice(dot + 1);
  return (event, context) => {
    const object = field(event, context) as Record<string, unknown> | null | undefined;
    return object === undefined || object === null ? undefined : ownValue(object, inner);
  };
};

/**
 * Free-form objects contain arbitrary keys of the sender: an inherited property such as `properties.constructor` is not
 * a field.
 */
const ownValue = (object: Record<string, unknown>, key: string): unknown =>
  Object.hasOwn(object, key) ? object[key] : undefined;
