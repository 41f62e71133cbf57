/** Type of a value that a feature can read. */
type Primitive = string | number | boolean;

/**
 * Dotted paths of an event's fields of type `V`: direct fields (`button`), one level of nested fields (`target.id`,
 * `view.path`), and any key of a free-form object (`properties.price`). The type of such a key is only known for each
 * event.
 */
export type FieldPath<E, V> = {
  [K in keyof E & string]-?: NonNullable<E[K]> extends Primitive
    ? NonNullable<E[K]> extends V
      ? K
      : never
    : NonNullable<E[K]> extends readonly unknown[]
      ? never
      : string extends keyof NonNullable<E[K]>
        ? `${K}.${string}`
        : `${K}.${NestedFields<NonNullable<E[K]>, V>}`;
}[keyof E & string];

type NestedFields<T, V> = {
  [K in keyof T & string]-?: NonNullable<T[K]> extends Primitive ? (NonNullable<T[K]> extends V ? K : never) : never;
}[keyof T & string];
