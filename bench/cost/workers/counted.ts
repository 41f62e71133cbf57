import type { Counts } from "../counts.ts";

const counts: Counts = { requests: 0, objectRequests: 0, objectMs: 0, rowsWritten: 0, rowsRead: 0, alarmsSet: 0 };

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

/** For as long as a promise is waited for, that is for all that an object does when it has answered. */
const countWork = async (work: unknown): Promise<void> => {
  const begun = Date.now();
  await Promise.allSettled([work]);
  counts.objectMs += Date.now() - begun;
};

/** Counts what any object does: the classes of the runtime are the same for all of them. */
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
      throw new Error("list() is not counted yet: count the rows that it returns");
    });
  }
  intercept(Object.getPrototypeOf(storage), "setAlarm", (original) => {
    counts.alarmsSet += 1;
    counts.rowsWritten += 1;
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

/** A stub whose calls are counted, and the time that they take. */
const countedStub = (stub: object): object =>
  new Proxy(stub, {
    get: (target, name) => {
      const member = (target as Record<PropertyKey, unknown>)[name];
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => {
        counts.objectRequests += 1;
        const answer = (target as Record<PropertyKey, (...args: unknown[]) => unknown>)[name]?.(...args);
        void countWork(answer);
        return answer;
      };
    },
  });

/** The objects that were called, by binding and name. */
const called = new Set<string>();

/** Objects are reached by name alone; one reached in another way would not be counted, and is refused. */
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

/** A Durable Object's class whose use of storage, and whose calls to other objects, are counted. */
export const countedObject = <C extends ObjectClass>(Base: C): C =>
  class extends (Base as ObjectClass) {
    readonly #ctx: DurableObjectState;

    constructor(ctx: DurableObjectState, env: never) {
      countObjects(ctx);
      super(ctx, countedEnv(env) as never);
      this.#ctx = ctx;
    }

    /** Loses what is in memory alone, as an object that nobody called for ten seconds. */
    sleep() {
      this.#ctx.abort("sleeps");
    }

    /** Runs the alarm that is set, as the platform does. */
    async ring() {
      if ((await this.#ctx.storage.getAlarm()) === null) return;
      await this.#ctx.storage.deleteAlarm();
      counts.objectRequests += 1;
      await this.alarm?.();
    }
  } as unknown as C;

/** Lets half an hour and more pass, in which all objects go to sleep, and alarms ring. */
const passTime = async (env: object) => {
  aheadMs += 31 * 60_000;
  for (const each of called) {
    const { binding, name } = JSON.parse(each) as { binding: string; name: string };
    const namespace = (env as Record<string, DurableObjectNamespace>)[binding] as DurableObjectNamespace;
    const stub = () => namespace.getByName(name) as unknown as { sleep(): Promise<void>; ring(): Promise<void> };
    await stub()
      .sleep()
      .catch(() => {});
    await stub().ring();
  }
};

/**
 * A Worker whose requests, and calls to Durable Objects, are counted; `GET /counts` tells, and `GET /half-an-hour-later` first lets
 * that time pass.
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
