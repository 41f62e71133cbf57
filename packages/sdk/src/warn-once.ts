import { warn } from "./guard.ts";
import { Set } from "./platform.ts";

const warned = new Set<string>();

/** Warns in the console, once for each kind while the page is open. `detail`: the first case of the kind. */
export const warnOnce = (kind: string, detail: unknown): void => {
  if (!warned.has(kind)) warn(kind, detail);
  warned.add(kind);
};
