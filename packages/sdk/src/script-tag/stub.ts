/**
 * The stub: stands in the tracker's place until the script tag is there, and keeps the calls that are made (the last thousand,
 * should it never come) as `[method, arguments, resolve]` in `q`. Each call gives a promise of what the tracker's own will return.
 * Its `data-name` is that of the tag. A page has it inline, before the tag and before the first call, or as `tidemark-stub.js`.
 */
type Stub = Record<string, (...args: unknown[]) => Promise<unknown>> & { q: unknown[] };

const { name = "tidemark" } = document.currentScript?.dataset ?? {};
const globals = window as unknown as Record<string, Partial<Stub> | undefined>;
globals[name] ??= {};
const stub = globals[name] as Stub;
stub.q ??= [];
for (const method of ["track", "identify", "page", "consent", "reset", "features", "on"])
  stub[method] ??= (...args) =>
    new Promise((resolve) => {
      if (stub.q.push([method, args, resolve]) > 1000) stub.q.shift();
    });
