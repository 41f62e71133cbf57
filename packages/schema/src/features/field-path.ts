/** What a single field of an event can hold. */
type Primitive = string | number | boolean;

/**
 * Dotted paths of the fields of an event that hold a `V`: its own (`button`), one level of named fields (`target.id`,
 * `view.path`), and any key of a free-form object (`properties.price`), whose values are looked at when an event comes.
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
        : `${K}.${OwnFields<NonNullable<E[K]>, V>}`;
}[keyof E & string];

type OwnFields<T, V> = {
  [K in keyof T & string]-?: NonNullable<T[K]> extends Primitive ? (NonNullable<T[K]> extends V ? K : never) : never;
}[keyof T & string];
