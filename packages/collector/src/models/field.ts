import { ModelError } from "./model-error.ts";

/** Length to which an error cuts the given value. */
const MAX_GIVEN = 80;

const describe = (value: unknown): string => {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  // JSON has no NaN and no Infinity; a file that is imported as code may have them.
  const text = typeof value === "number" ? String(value) : (JSON.stringify(value) ?? "nothing");
  return text.length > MAX_GIVEN ? `${text.slice(0, MAX_GIVEN)}…` : text;
};

/** A value of a model file together with its path. Each getter checks the value, and throws a {@link ModelError}. */
export class Field {
  readonly value: unknown;
  readonly path: string;

  constructor(value: unknown, path: string) {
    this.value = value;
    this.path = path;
  }

  /** Throws an error with the path and the given value. @param advice The next step. Default: none. */
  refuse(expected: string, advice?: string): never {
    throw new ModelError(this.path || "the file", expected, describe(this.value), advice);
  }

  /** The value as an object. Its own keys count only, so that no key of a prototype is read. */
  object(): Readonly<Record<string, unknown>> {
    const { value } = this;
    if (typeof value !== "object" || value === null || Array.isArray(value)) this.refuse("an object");
    return value as Record<string, unknown>;
  }

  /** Checks that the value is an object with no other keys. */
  only(...keys: readonly string[]): void {
    const unknown = Object.keys(this.object()).find((key) => !keys.includes(key));
    if (unknown !== undefined)
      throw new ModelError(this.at(unknown).path, `no field but ${keys.join(", ")}`, "this field");
  }

  has(name: string): boolean {
    return Object.hasOwn(this.object(), name);
  }

  /** The field of an object; its value is `undefined` if the object does not have it. */
  at(name: string): Field {
    return new Field(this.has(name) ? this.object()[name] : undefined, this.path ? `${this.path}.${name}` : name);
  }

  /** The field of an object, or `undefined` if the object does not have it or its value is `null`. */
  optional(name: string): Field | undefined {
    const field = this.at(name);
    return field.value === undefined || field.value === null ? undefined : field;
  }

  array(most: number, least = 0): readonly unknown[] {
    const { value } = this;
    if (!Array.isArray(value)) return this.refuse("an array");
    if (value.length > most) this.refuse(`at most ${most} items`);
    if (value.length < least) this.refuse(`at least ${least} items`);
    return value;
  }

  /** The items of an array. @param most The largest accepted number of items. */
  items(most: number, least = 0): Field[] {
    return Array.from(this.array(most, least), (value, index) => this.item(value, index));
  }

  item(value: unknown, index: number): Field {
    return new Field(value, `${this.path}[${index}]`);
  }

  /** Finite numbers. @param length The accepted number of them. Default: any up to `most`. */
  numbers(most: number, length?: number): readonly number[] {
    const list = this.array(most);
    if (length !== undefined && list.length !== length) this.refuse(`an array of ${length}`);
    for (let index = 0; index < list.length; index += 1)
      if (!Number.isFinite(list[index])) this.item(list[index], index).number();
    return list as readonly number[];
  }

  /** A finite number. */
  number(): number {
    const { value } = this;
    if (typeof value !== "number" || !Number.isFinite(value)) return this.refuse("a finite number");
    return value;
  }

  integer(least: number, most: number): number {
    const { value } = this;
    if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > most)
      return this.refuse(`a whole number from ${least} to ${most}`);
    return value as number;
  }

  boolean(): boolean {
    const { value } = this;
    return typeof value === "boolean" ? value : this.refuse("true or false");
  }

  text(): string {
    const { value } = this;
    return typeof value === "string" ? value : this.refuse("a text");
  }

  /** One of some texts. @param advice The next step after another text. */
  oneOf<T extends string>(accepted: readonly T[], advice?: string): T {
    const found = accepted.find((each) => each === this.value);
    return found ?? this.refuse(accepted.length === 1 ? String(accepted[0]) : `one of ${accepted.join(", ")}`, advice);
  }
}
