import type { Counts } from "../counts.ts";

const counts: Counts = { requests: 0, objectRequests: 0, objectMs: 0, rowsWritten: 0, rowsRead: 0, alarmsSet: 0 };

/** Wraps a method of a runtime's class, for all its objects. */
const intercept = (prototype: object, name: string, call: (original: () => unknown, args: unknown[]) => unknown) => {
  const methods = prototype as Record<string, (...args: unknown[]) => unknown>;
  const original = methods[name];
  if (!original) throw new Error(`the runtime has no ${name} to count`);
  methods[name] = function (this: unknown, ...args: unknown[]) {
    return call(() => original.apply(this, args), args);
  };
};

/** Number of keys in the argument of a storage method: one key, an array, or the fields of an object. */
const keysOf = (argument: unknown): number =>
  typeof argument === "object" && argument ? Object.keys(argument).length : 1;

let counting = false;

/** Counts the time until a promise settles: of a call, or of an object's work after its response. */
const countWork = async (work: unknown): Promise<void> => {
  const startedAt = Date.now();
  await Promise.allSettled([work]);
  counts.objectMs += Date.now() - startedAt;
};

/** Counts the operations of all objects, which share the classes of the runtime. */
const countObjects = (ctx: DurableObjectState): void => {
  if (counting) return;
  counting = true;
  const { storage } = ctx;
  intercept(Object.getPrototypeOf(ctx), "waitUntil", (original, [work]) => {
    void countWork(work);
    return original();
  });
  const written = (original: () => unknown, [argument]: unknown[]) => {
    counts.rowsWritten += keysOf(argument);
    return original();
  };
  const read = (original: () => unknown, [argument]: unknown[]) => {
    counts.rowsRead += keysOf(argument);
    return original();
  };
  for (const prototype of [storage, storage.kv].map((each) => Object.getPrototypeOf(each))) {
    intercept(prototype, "put", written);
    intercept(prototype, "delete", written);
    intercept(prototype, "get", read);
    intercept(prototype, "list", () => {
      throw new Error("list() is not counted: count the rows that it returns");
    });
  }
  intercept(Object.getPrototypeOf(storage), "setAlarm", (original) => {
    counts.alarmsSet += 1;
    counts.rowsWritten += 1;
    return original();
  });
  intercept(Object.getPrototypeOf(storage.sql), "exec", (original) => {
    const cursor = original() as SqlStorageCursor<never>;
    // Rows that a cursor reads after its creation are not counted. A million of them cost a tenth of a cent.
    counts.rowsWritten += cursor.rowsWritten;
    counts.rowsRead += cursor.rowsRead;
    return cursor;
  });
};

/** A stub that counts its calls and their duration. */
const countedStub = (stub: object): object =>
  new Proxy(stub, {
    get: (target, name) => {
      const member = (target as Record<PropertyKey, unknown>)[name];
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => {
        counts.objectRequests += 1;
        const result = (target as Record<PropertyKey, (...args: unknown[]) => unknown>)[name]?.(...args);
        void countWork(result);
        return result;
      };
    },
  });

/** The objects that were called, by binding and name. */
const called = new Set<string>();

/** A namespace that counts calls. It returns stubs by name only: stubs of other methods would not be counted. */
const countedNamespace = (binding: string, namespace: DurableObjectNamespace): object => ({
  getByName: (name: string) => {
    called.add(JSON.stringify({ binding, name }));
    return countedStub(namespace.getByName(name));
  },
});

const countedEnv = (env: object): object =>
  Object.fromEntries(
    Object.entries(env).map(([name, binding]) => [
      name,
      typeof binding === "object" && "getByName" in binding ? countedNamespace(name, binding) : binding,
    ]),
  );

let aheadMs = 0;
const { now } = Date;
Date.now = () => now() + aheadMs;

type ObjectClass = new (ctx: DurableObjectState, env: never) => { alarm?(): unknown };

/** Derives a Durable Object's class that counts its use of storage and its calls to other objects. */
export const countedObject = <C extends ObjectClass>(Base: C): C =>
  class extends (Base as ObjectClass) {
    readonly #ctx: DurableObjectState;

    constructor(ctx: DurableObjectState, env: never) {
      countObjects(ctx);
      super(ctx, countedEnv(env) as never);
      this.#ctx = ctx;
    }

    /** Loses its memory, as after ten seconds without a call. */
    unload() {
      this.#ctx.abort("unloaded");
    }

    /** Runs the alarm if one is set, as the platform does. */
    async runAlarm() {
      if ((await this.#ctx.storage.getAlarm()) === null) return;
      await this.#ctx.storage.deleteAlarm();
      counts.objectRequests += 1;
      await this.alarm?.();
    }
  } as unknown as C;

/** Moves the clock by more than half an hour, unloads all objects, and runs their alarms. */
const passTime = async (env: object) => {
  aheadMs += 31 * 60_000;
  for (const each of called) {
    const { binding, name } = JSON.parse(each) as { binding: string; name: string };
    const namespace = (env as Record<string, DurableObjectNamespace>)[binding] as DurableObjectNamespace;
    const stub = () => namespace.getByName(name) as unknown as { unload(): Promise<void>; runAlarm(): Promise<void> };
    await stub()
      .unload()
      .catch(() => {});
    await stub().runAlarm();
  }
};

/**
 * Wraps a Worker to count its requests and its calls to Durable Objects. `GET /counts` returns the counts, and
 * `GET /half-an-hour-later` moves the clock first.
 */
export const countedWorker = <Env extends object>(worker: {
  fetch: (request: never, env: Env, context: never) => unknown;
}) => ({
  async fetch(request: Request, env: Env, context: ExecutionContext) {
    const { pathname } = new URL(request.url);
    if (pathname === "/half-an-hour-later") await passTime(env);
    if (pathname === "/counts" || pathname === "/half-an-hour-later") return Response.json(counts);
    counts.requests += 1;
    return worker.fetch(request as never, countedEnv(env) as Env, context as never);
  },
});
