import type { Counts, PartCounts } from "../counts.ts";
import { advanceTo, beginWork, noteChange, replaceClock, runAt } from "./clock.ts";

/** Time without a call after which the platform unloads an object, in milliseconds. */
const UNLOAD_AFTER_MS = 10_000;

const counts: Counts = { requests: 0, parts: {} };

/** An object that was called. Methods that count nothing are on its stub. */
interface CalledObject {
  part: PartCounts;
  stub(): { unload(): Promise<void>; runAlarm(): Promise<void> };
  /** Number of calls, alarms and works in progress, and the time at which this last was, or ceased to be, zero. */
  running: number;
  since: number;
  cancelAlarm: (() => void) | undefined;
  alarmAt: number | null;
}

/** The objects that were called, by id. */
const objects = new Map<string, CalledObject>();

/** The object of each storage, and of the interfaces of a storage. */
const owners = new WeakMap<object, CalledObject>();

const objectOf = (id: DurableObjectId): CalledObject => {
  const object = objects.get(`${id}`);
  if (!object) throw new Error("an object was called by another way than getByName()");
  return object;
};

/** Counts the time until a promise settles: of a call, or of an object's work after its response. */
const countWork = async (object: CalledObject, work: unknown): Promise<void> => {
  const end = beginWork();
  if (object.running === 0) object.since = Date.now();
  object.running += 1;
  await Promise.allSettled([work]);
  object.running -= 1;
  if (object.running === 0) {
    object.part.activeMs += Date.now() - object.since;
    object.since = Date.now();
  }
  end();
};

/** Wraps a method of a runtime's class, for all its objects. */
const intercept = (
  prototype: object,
  name: string,
  call: (owner: CalledObject | undefined, original: () => unknown, args: unknown[]) => unknown,
) => {
  const methods = prototype as Record<string, (...args: unknown[]) => unknown>;
  const original = methods[name];
  if (!original) throw new Error(`the runtime has no ${name} to count`);
  methods[name] = function (this: object, ...args: unknown[]) {
    noteChange();
    return call(owners.get(this), () => original.apply(this, args), args);
  };
};

/** Wraps a method of the storage, for all objects. */
const interceptStorage = (
  prototype: object,
  name: string,
  call: (owner: CalledObject, original: () => unknown, args: unknown[]) => unknown,
) =>
  intercept(prototype, name, (owner, original, args) => {
    if (!owner) throw new Error(`${name} of a storage without an object`);
    return call(owner, original, args);
  });

/** Number of keys in the argument of a storage method: one key, an array, or the fields of an object. */
const keysOf = (argument: unknown): number =>
  typeof argument === "object" && argument ? Object.keys(argument).length : 1;

let counting = false;

/** Counts the operations of all objects, which share the classes of the runtime. */
const countObjects = (ctx: DurableObjectState): void => {
  if (counting) return;
  counting = true;
  const { storage } = ctx;
  intercept(Object.getPrototypeOf(ctx), "waitUntil", (owner, original, [work]) => {
    if (owner) void countWork(owner, work);
    return original();
  });
  for (const prototype of [storage, storage.kv].map((each) => Object.getPrototypeOf(each))) {
    for (const name of ["put", "delete"])
      interceptStorage(prototype, name, ({ part }, original, [argument]) => {
        part.rowsWritten += keysOf(argument);
        return original();
      });
    interceptStorage(prototype, "get", ({ part }, original, [argument]) => {
      part.rowsRead += keysOf(argument);
      return original();
    });
  }
  interceptStorage(Object.getPrototypeOf(storage.kv), "list", ({ part }, original) => {
    const entries = [...(original() as Iterable<unknown>)];
    part.rowsRead += entries.length;
    return entries;
  });
  interceptStorage(Object.getPrototypeOf(storage), "setAlarm", (owner, _, [at]) => {
    owner.part.alarmsSet += 1;
    owner.part.rowsWritten += 1;
    owner.cancelAlarm?.();
    owner.alarmAt = Number(at);
    owner.cancelAlarm = runAt(owner.alarmAt, () => void runAlarm(owner));
    return Promise.resolve();
  });
  interceptStorage(Object.getPrototypeOf(storage), "getAlarm", ({ part, alarmAt }) => {
    part.rowsRead += 1;
    return Promise.resolve(alarmAt);
  });
  interceptStorage(Object.getPrototypeOf(storage), "deleteAlarm", (owner) => {
    owner.part.rowsWritten += 1;
    owner.cancelAlarm?.();
    owner.cancelAlarm = undefined;
    owner.alarmAt = null;
    return Promise.resolve();
  });
  interceptStorage(Object.getPrototypeOf(storage), "deleteAll", ({ part }, original) => {
    // A session has one row.
    part.rowsWritten += 1;
    return original();
  });
  interceptStorage(Object.getPrototypeOf(storage.sql), "exec", ({ part }, original) => {
    const cursor = original() as SqlStorageCursor<never>;
    // Rows that a cursor reads after its creation are not counted. A million of them cost a tenth of a cent.
    part.rowsWritten += cursor.rowsWritten;
    part.rowsRead += cursor.rowsRead;
    return cursor;
  });
};

/** Unloads an object that is idle for long enough. It loses its memory. */
const unloadIdle = async (object: CalledObject): Promise<void> => {
  if (object.running > 0 || Date.now() - object.since < UNLOAD_AFTER_MS) return;
  object.since = Number.POSITIVE_INFINITY;
  await object
    .stub()
    .unload()
    .catch(() => {});
};

const runAlarm = async (object: CalledObject): Promise<void> => {
  object.cancelAlarm = undefined;
  object.alarmAt = null;
  object.part.objectRequests += 1;
  await countWork(
    object,
    unloadIdle(object).then(() => object.stub().runAlarm()),
  );
};

/** A stub that counts its calls and their duration. */
const countedStub = (object: CalledObject, stub: () => object): object =>
  new Proxy(stub(), {
    get: (target, name) => {
      const member = (target as Record<PropertyKey, unknown>)[name];
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => {
        object.part.objectRequests += 1;
        const call = () => (stub() as Record<PropertyKey, (...args: unknown[]) => unknown>)[name]?.(...args);
        const result = unloadIdle(object).then(call);
        void countWork(object, result);
        return result;
      };
    },
  });

const newPart = (): PartCounts => ({ objectRequests: 0, activeMs: 0, rowsWritten: 0, rowsRead: 0, alarmsSet: 0 });

/** A bucket in memory that counts its operations. */
export const countedBucket = (binding: string): R2Bucket => {
  const objects = new Map<string, Uint8Array | string>();
  const count = (name: "bucketWrites" | "bucketReads") => {
    counts.parts[binding] ??= newPart();
    const part = counts.parts[binding];
    part[name] = (part[name] ?? 0) + 1;
  };
  // Only one object at a time changes a key: its etag always matches.
  const bucket = {
    async get(key: string) {
      count("bucketReads");
      const body = objects.get(key);
      return body === undefined ? null : Object.assign(new Response(body), { etag: key });
    },
    async head(key: string) {
      count("bucketReads");
      const body = objects.get(key);
      return body === undefined ? null : { key, size: body.length };
    },
    async put(key: string, body: Uint8Array | string, options?: R2PutOptions) {
      count("bucketWrites");
      if ((options?.onlyIf as R2Conditional | undefined)?.etagDoesNotMatch && objects.has(key)) return null;
      objects.set(key, body);
      return { key };
    },
    // A deletion costs nothing.
    async delete(keys: string | string[]) {
      for (const key of [keys].flat()) objects.delete(key);
    },
    async list({ prefix = "" }: R2ListOptions = {}) {
      count("bucketWrites");
      const keys = [...objects.keys()].filter((key) => key.startsWith(prefix)).sort();
      return { objects: keys.map((key) => ({ key, uploaded: new Date() })), truncated: false };
    },
  };
  return bucket as unknown as R2Bucket;
};

/** A namespace that counts calls. It returns stubs by name only: stubs of other methods would not be counted. */
const countedNamespace = (binding: string, namespace: DurableObjectNamespace): object => ({
  getByName(name: string) {
    const id = `${namespace.idFromName(name)}`;
    counts.parts[binding] ??= newPart();
    const stub = () => namespace.getByName(name) as unknown as ReturnType<CalledObject["stub"]>;
    const object = objects.get(id) ?? {
      part: counts.parts[binding],
      stub,
      running: 0,
      since: Number.POSITIVE_INFINITY,
      cancelAlarm: undefined,
      alarmAt: null,
    };
    objects.set(id, object);
    return countedStub(object, stub);
  },
});

const countedEnv = (env: object): object =>
  Object.fromEntries(
    Object.entries(env).map(([name, binding]) => [
      name,
      typeof binding === "object" && "getByName" in binding ? countedNamespace(name, binding) : binding,
    ]),
  );

type ObjectClass = new (
  ctx: DurableObjectState,
  env: never,
) => { alarm?(): unknown; webSocketMessage?(socket: WebSocket, message: string | ArrayBuffer): unknown };

/** Derives a Durable Object's class that counts its use of storage and its calls to other objects. */
export const countedObject = <C extends ObjectClass>(Base: C): C =>
  class extends (Base as ObjectClass) {
    readonly #ctx: DurableObjectState;

    constructor(ctx: DurableObjectState, env: never) {
      countObjects(ctx);
      const object = objectOf(ctx.id);
      for (const each of [ctx, ctx.storage, ctx.storage.kv, ctx.storage.sql]) owners.set(each, object);
      super(ctx, countedEnv(env) as never);
      this.#ctx = ctx;
    }

    /**
     * Loses its memory, as after ten seconds without a call. With connections it keeps it, because `abort` would close
     * them: the platform does not. The rows that it would read again cost nothing in comparison.
     */
    unload() {
      if (this.#ctx.getWebSockets().length === 0) this.#ctx.abort("unloaded");
    }

    /** Counts the time of a message. The price of messages depends on their number only. */
    override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer) {
      await countWork(objectOf(this.#ctx.id), (async () => super.webSocketMessage?.(socket, message))());
    }

    /** Runs the alarm. */
    async runAlarm() {
      await this.alarm?.();
    }
  } as unknown as C;

/**
 * Wraps a Worker to count its requests and its calls to Durable Objects, on a clock that the caller moves. The request
 * `GET /until?at=…` moves it to a time in UTC milliseconds, and returns the counts.
 */
export const countedWorker = <Env extends object>(worker: {
  fetch: (request: never, env: Env, context: never) => unknown;
}) => {
  replaceClock();
  return {
    async fetch(request: Request, env: Env, context: ExecutionContext) {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname === "/until") {
        await advanceTo(Number(searchParams.get("at")));
        return Response.json(counts);
      }
      counts.requests += 1;
      const end = beginWork();
      try {
        return await worker.fetch(request as never, countedEnv(env) as Env, context as never);
      } finally {
        end();
      }
    },
  };
};
