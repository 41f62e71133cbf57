/**
 * A JSON value under one name in a Web Storage area. Where the browser forbids storage, it stores nothing and never
 * throws.
 */
export interface StoredValue<T> {
  read(): T | null | undefined;
  write(value: T | null | undefined): void;
}

/** Creates the stored value of that name. With `false` as the name it stores nothing. */
export const storedValue = <T>(area: "localStorage" | "sessionStorage", name: string | false): StoredValue<T> => {
  const attempt = <R>(use: (storage: Storage) => R): R | undefined => {
    try {
      if (name) return use(window[area]);
    } catch {}
    return;
  };
  return {
    read: () => attempt((storage) => JSON.parse(storage.getItem(name as string) as string)),
    write: (value) =>
      attempt((storage) =>
        value ? storage.setItem(name as string, JSON.stringify(value)) : storage.removeItem(name as string),
      ),
  };
};
