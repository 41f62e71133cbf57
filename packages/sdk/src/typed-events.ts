/** JSON that travels with an event: at most 8 KiB. */
export type Properties = Record<string, unknown>;

/** Events of any name, with any properties or none: what a tracker takes that was told of no others. */
export type FreeEvents = Record<string, Properties>;

/** A schema of zod 4, or of any library that follows Standard Schema (https://standardschema.dev). */
interface Schema {
  readonly "~standard": { readonly types?: { readonly input: unknown } | undefined };
}

/** What is said by a declaration: what a schema takes in, or the declared type itself. */
export type Meant<Declared> = Declared extends Schema ? NonNullable<Declared["~standard"]["types"]>["input"] : Declared;

/**
 * The arguments by which it is said: none where there is nothing to say, and one that may be left out where nothing in it is
 * required.
 */
export type Said<Declared> =
  Meant<Declared> extends infer Given extends object | undefined
    ? [Given] extends [undefined]
      ? []
      : Partial<Given> extends Given
        ? [properties?: Given]
        : [properties: Given]
    : never;
