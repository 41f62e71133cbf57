/** A value kept under one name in a Web Storage area; where the browser forbids storage, nothing is kept and nothing breaks. */
export interface Slot<T> {
  read(): T | null | undefined;
  write(value: T | null | undefined): void;
}

/** The slot of that name, or one that keeps nothing. */
export const slot = <T>(area: "localStorage" | "sessionStorage", name: string | false): Slot<T> => {
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

/** Where a site's unsent events are kept at the last moment. */
export const willOf = (name: string | false): string | false => name && `${name}.will`;

/** Deletes all that pages have stored under that name. */
export const erase = (name: string): void => {
  slot("localStorage", name).write(undefined);
  slot("localStorage", willOf(name)).write(undefined);
  slot("sessionStorage", name).write(undefined);
  indexedDB.deleteDatabase(name);
};
