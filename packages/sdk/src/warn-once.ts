const warned = new Set<string>();

/** Warns in the console, once for each kind while the page is open. `detail`: the first case of the kind. */
export const warnOnce = (kind: string, detail: unknown): void => {
  if (!warned.has(kind)) console.warn("[tidemark]", kind, detail);
  warned.add(kind);
};
