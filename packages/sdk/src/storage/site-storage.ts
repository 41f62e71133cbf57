import { storedValue } from "./web-storage.ts";

/** The name under which a page that is left stores its unsent batches. `name`: that of all that the site stores, if it may. */
export const unloadBufferName = (name: string | false): string | false => name && `${name}.unsent`;

/** Deletes all that the pages of a site have stored under its name: visitor, unsent batches, numbering, spool. */
export const erase = (name: string): void => {
  storedValue("localStorage", name).write(undefined);
  storedValue("localStorage", unloadBufferName(name)).write(undefined);
  storedValue("sessionStorage", name).write(undefined);
  indexedDB.deleteDatabase(name);
};
