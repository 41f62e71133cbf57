import type { Counts } from "../counts.ts";

const counts: Counts = { requests: 0, objectRequests: 0, rowsWritten: 0, rowsRead: 0, alarmsSet: 0 };

/** Puts something in front of a method of a runtime's class, for all its objects. */
const intercept = (prototype: object, name: string, call: (original: () => unknown, args: unknown[]) => unknown) => {
  const methods = prototype as Record<string, (...args: unknown[]) => unknown>;
  const original = methods[name];
  if (!original) throw new Error(`the runtime has no ${name} to count`);
  methods[name] = function (this: unknown, ...args: unknown[]) {
    return call(() => original.apply(this, args), args);
  };
};

/** Keys named by the argument of a storage method: one, a list, or the fields of an object. */
const keysOf = (argument: unknown): number =>
  typeof argument === "object" && argument ? Object.keys(argument).length : 1;

let counting = false;

/** Counts what any object does with its storage: the classes of the runtime are the same for all of them. */
const countStorage = (storage: DurableObjectStorage): void => {
  if (counting) return;
  counting = true;
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
      throw new Error("list() is not counted yet: count the rows that it returns");
    });
  }
  intercept(Object.getPrototypeOf(storage), "setAlarm", (original) => {
    counts.alarmsSet += 1;
    counts.rowsWritten += 1;
    // It runs once; one that is set again before it ran is counted too often.
    counts.objectRequests += 1;
    return original();
  });
  intercept(Object.getPrototypeOf(storage.sql), "exec", (original) => {
    const cursor = original() as SqlStorageCursor<never>;
    // What a cursor reads after it was opened is not seen; a million of such rows cost a tenth of a cent.
    counts.rowsWritten += cursor.rowsWritten;
    counts.rowsRead += cursor.rowsRead;
    return cursor;
  });
};

const countedStub = (stub: object): object =>
  new Proxy(stub, {
    get: (target, name) => {
      const member = (target as Record<PropertyKey, unknown>)[name];
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => {
        counts.objectRequests += 1;
        return (target as Record<PropertyKey, (...args: unknown[]) => unknown>)[name]?.(...args);
      };
    },
  });

/** Objects are reached by name alone; one reached in another way would not be counted, and is refused. */
const countedNamespace = (namespace: DurableObjectNamespace): object => ({
  getByName: (name: string) => countedStub(namespace.getByName(name)),
});

const countedEnv = (env: object): object =>
  Object.fromEntries(
    Object.entries(env).map(([name, binding]) => [
      name,
      typeof binding === "object" && "getByName" in binding ? countedNamespace(binding) : binding,
    ]),
  );

type ObjectClass = new (ctx: DurableObjectState, env: never) => object;

/** A Durable Object's class whose use of storage, and whose calls to other objects, are counted. */
export const countedObject = <C extends ObjectClass>(Base: C): C =>
  class extends (Base as ObjectClass) {
    constructor(ctx: DurableObjectState, env: never) {
      countStorage(ctx.storage);
      super(ctx, countedEnv(env) as never);
    }
  } as unknown as C;

/** A Worker whose requests, and calls to Durable Objects, are counted; `GET /counts` tells. */
export const countedWorker = <Env extends object>(worker: {
  fetch: (request: never, env: Env, context: never) => unknown;
}) => ({
  fetch(request: Request, env: Env, context: ExecutionContext) {
    if (new URL(request.url).pathname === "/counts") return Response.json(counts);
    counts.requests += 1;
    return worker.fetch(request as never, countedEnv(env) as Env, context as never);
  },
});
