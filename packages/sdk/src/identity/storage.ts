/** A value kept under one name in a Web Storage area; where the browser forbids storage, nothing is kept and nothing breaks. */
export interface Slot<T> {
  read(): T | null | undefined;
  write(value: T | null | undefined): void;
}

/** The slot of that name. */
export const slot = <T>(area: "localStorage" | "sessionStorage", name: string): Slot<T> => {
  const attempt = <R>(use: (storage: Storage) => R): R | undefined => {
    try {
      return use(window[area]);
    } catch {
      return undefined;
    }
  };
  return {
    read: () => attempt((storage) => JSON.parse(storage.getItem(name) as string)),
    write: (value) =>
      attempt((storage) => (value ? storage.setItem(name, JSON.stringify(value)) : storage.removeItem(name))),
  };
};
