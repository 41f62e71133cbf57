/** JSON that the site adds to an event: at most 8 KiB and five levels. */
export type Properties = Record<string, unknown>;

/** Events of any name, with any properties or none: the default of a tracker without declared events. */
export type UntypedEvents = Record<string, Properties>;

/** A schema of zod 4, or of any library that follows Standard Schema (https://standardschema.dev). */
interface Schema {
  readonly "~standard": { readonly types?: { readonly input: unknown } | undefined };
}

/** The input type of a declaration: the input of a schema, or the declared type itself. */
export type InputOf<Declared> = Declared extends Schema
  ? NonNullable<Declared["~standard"]["types"]>["input"]
  : Declared;

/** The arguments of `track` after the event's name: its properties, optional if none of them is required. */
export type TrackArgs<Declared> =
  InputOf<Declared> extends infer Given
    ? Partial<Given> extends Given
      ? [properties?: Given]
      : [properties: Given]
    : never;
