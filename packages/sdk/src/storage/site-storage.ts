import { runEach } from "../guard.ts";
import { storedValue } from "./web-storage.ts";

/**
 * The localStorage key of a site's unload buffer. `name`: the site's storage name, `false` when it may store nothing.
 */
export const unloadBufferName = (name: string | false): string | false => name && `${name}.unsent`;

/** Deletes everything that a site's pages have stored under `name`: visitor, unload buffer, numbering and spool. */
export const erase = (name: string): void =>
  runEach(
    () => storedValue("localStorage", name).write(undefined),
    () => storedValue("localStorage", unloadBufferName(name)).write(undefined),
    () => storedValue("sessionStorage", name).write(undefined),
    () => void indexedDB.deleteDatabase(name),
  );
