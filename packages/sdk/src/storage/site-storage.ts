import { runEach } from "../guard.ts";
import { reactionsName } from "./reactions-name.ts";
import { storedValue } from "./web-storage.ts";

/**
 * The localStorage key of a site's unload buffer. `name`: the site's storage name, `false` when it may store nothing.
 */
export const unloadBufferName = (name: string | false): string | false => name && `${name}.unsent`;

/** The localStorage key of a site's refusals. A page writes and deletes it at once: other pages receive the storage events. */
export const refusalName = (name: string): string => `${name}.refused`;

/** Passes a refusal on to the site's other pages. `purposes`: the denied purposes. It leaves nothing on the device. */
export const announceRefusal = (name: string, purposes: string[]): void => {
  if (!purposes[0]) return;
  const announcement = storedValue<string[]>("localStorage", refusalName(name));
  announcement.write(purposes);
  announcement.write(undefined);
};

/** Deletes everything that a site's pages have stored under `name`: visitor, unload buffer, notes about reactions, numbering and spool. */
export const erase = (name: string): void =>
  runEach(
    () => storedValue("localStorage", name).write(undefined),
    () => storedValue("localStorage", reactionsName(name)).write(undefined),
    () => storedValue("localStorage", unloadBufferName(name)).write(undefined),
    () => storedValue("sessionStorage", name).write(undefined),
    () => void window.indexedDB.deleteDatabase(name),
  );
