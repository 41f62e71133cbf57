import { toJson } from "../json.ts";
import { JSON } from "../platform.ts";

/** A stored JSON value. */
export interface StoredValue<T> {
  read(): T | null | undefined;
  write(value: T | null | undefined): void;
}

const attempt = <R>(use: () => R): R | undefined => {
  try {
    return use();
  } catch {
    return;
  }
};

/** Makes a stored value that never throws: where the browser forbids storage, it stores nothing. */
export const attemptEach = <T>({ read, write }: StoredValue<T>): StoredValue<T> => ({
  read: () => attempt(read),
  write: (value) => attempt(() => write(value)),
});

/**
 * Creates a JSON value under one name in a Web Storage area. It never throws. With `false` as the name it stores
 * nothing.
 */
export const storedValue = <T>(area: "localStorage" | "sessionStorage", name: string | false): StoredValue<T> =>
  attemptEach({
    read: () => name && JSON.parse(window[area].getItem(name) as string),
    write: (value) => {
      if (!name) return;
      if (value) window[area].setItem(name, toJson(value));
      else window[area].removeItem(name);
    },
  });
