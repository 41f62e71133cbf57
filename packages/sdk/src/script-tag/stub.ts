/**
 * The stub: an object that holds the tracker's place until the script tag has loaded.
 *
 * It records each call as `[method, arguments, resolve]` in `q`. It keeps the latest thousand calls, in case the tag never loads. Each
 * call returns a promise of the tracker's result. A page includes the stub inline, before the tag and before the first call, or as
 * `tidemark-stub.js`. The stub and the tag have the same `data-name`.
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
