import { createRequire } from "node:module";
import { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Resources that an object has used. */
interface ObjectUsage {
  calls: number;
  rowsWritten: number;
  rowsRead: number;
  /** Time in which a call, an alarm or the work after a response was in progress, in milliseconds. */
  activeMs: number;
}

/** A simulated Durable Object. */
export interface SimulatedObject {
  /** The name of its binding. */
  part: string;
  name: string;
  usage: ObjectUsage;
  /** Largest number of calls in one second, since the latest {@link Platform.startMeasuring}. */
  busiestSecond: number;
  /** Longest value or list of arguments so far, in characters. */
  largestValue: number;
  largestCall: number;
  /** Length of all stored values, in characters. */
  stored(): number;
  /** The object itself, whose calls are not counted. */
  instance: unknown;
  /** Adds the time of the work in progress to the usage. */
  noteActive(): void;
}

/** A method call of an instance, without its types. */
type Instance = Record<string, (...args: unknown[]) => unknown>;
type ObjectClass = new (context: object, env: object) => object;

/** Durable Objects on simulated time, in memory. */
export interface Platform {
  readonly env: Record<string, object>;
  readonly now: number;
  readonly objects: SimulatedObject[];
  /** Runs a function after a time, in milliseconds. */
  schedule(ms: number, run: () => void): void;
  /** Passes time, in milliseconds, and runs everything that is due. */
  advance(ms: number): Promise<void>;
  /** Sets all usage to zero. */
  startMeasuring(): void;
  /** Ends the measurement: {@link objects} then have the usage since its start. */
  endMeasuring(): void;
}

/** Time of a call between two objects in one direction, in milliseconds: an assumption. */
export const LATENCY_MS = 2;

const SECOND_MS = 1_000;

/** Replaces the runtime's module. */
const runtime = {
  name: "cloudflare:workers",
  setup(builder: import("esbuild").PluginBuild) {
    builder.onResolve({ filter: /^cloudflare:workers$/ }, () => ({ path: "workers", namespace: "runtime" }));
    builder.onLoad({ filter: /.*/, namespace: "runtime" }, () => ({
      contents: "export class DurableObject { constructor(ctx, env) { this.ctx = ctx; this.env = env; } }",
    }));
  },
};

/** Bundles a module that runs in Workers, and evaluates it here with another clock. */
export const loadWorker = async <Exports>(entry: URL, platform: Platform): Promise<Exports> => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(entry)],
    bundle: true,
    write: false,
    format: "cjs",
    platform: "node",
    target: "es2024",
    plugins: [runtime],
  });
  const module = { exports: {} };
  const globals = {
    module,
    require: createRequire(import.meta.url),
    scheduler: { wait: (ms: number) => new Promise<void>((resolve) => platform.schedule(ms, resolve)) },
    Date: Object.assign(class extends Date {}, { now: () => platform.now }),
  };
  new Function(...Object.keys(globals), outputFiles[0]?.text ?? "")(...Object.values(globals));
  return module.exports as Exports;
};

/** Creates the storage of an object. */
const createStorage = (object: SimulatedObject, setAlarm: (at: number) => void, getAlarm: () => number | null) => {
  const values = new Map<string, unknown>();
  let sorted: string[] | undefined;
  let database: DatabaseSync | undefined;
  const lengthOf = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value)).length;
  const note = (value: unknown) => {
    object.largestValue = Math.max(object.largestValue, lengthOf(value));
  };
  object.stored = () => [...values.values()].reduce<number>((total, value) => total + lengthOf(value), 0);
  return {
    kv: {
      get(key: string) {
        object.usage.rowsRead += 1;
        return values.get(key);
      },
      put(key: string, value: unknown) {
        object.usage.rowsWritten += 1;
        note(value);
        if (!values.has(key)) sorted = undefined;
        values.set(key, value);
      },
      delete(key: string) {
        object.usage.rowsWritten += 1;
        sorted = undefined;
        return values.delete(key);
      },
      *list({ prefix = "", startAfter = "", limit = Number.POSITIVE_INFINITY }) {
        sorted ??= [...values.keys()].sort();
        const keys = sorted.filter((key) => key > startAfter && key.startsWith(prefix)).slice(0, limit);
        object.usage.rowsRead += keys.length;
        for (const key of keys) yield [key, values.get(key)];
      },
    },
    sql: {
      exec(query: string, ...bindings: (string | number | null | Uint8Array)[]) {
        database ??= new DatabaseSync(":memory:");
        for (const binding of bindings)
          if (binding instanceof Uint8Array) object.largestValue = Math.max(object.largestValue, binding.length);
        const statement = database.prepare(query);
        if (query.startsWith("SELECT")) {
          const rows = statement.all(...bindings);
          object.usage.rowsRead += rows.length;
          return Object.assign(rows, { toArray: () => rows });
        }
        object.usage.rowsWritten += Number(statement.run(...bindings).changes);
        return Object.assign([], { toArray: () => [] });
      },
    },
    transactionSync: <T>(change: () => T): T => change(),
    setAlarm(at: number) {
      object.usage.rowsWritten += 1;
      setAlarm(at);
    },
    async getAlarm() {
      object.usage.rowsRead += 1;
      return getAlarm();
    },
  };
};

const newUsage = (): ObjectUsage => ({ calls: 0, rowsWritten: 0, rowsRead: 0, activeMs: 0 });

/**
 * Creates a platform without objects.
 *
 * @param classes The classes by binding, read when an object is called.
 */
export const createPlatform = (classes: () => Record<string, ObjectClass>, bindings: string[]): Platform => {
  let now = Date.UTC(2026, 10, 29);
  const due = new Map<number, (() => void)[]>();
  const objects: SimulatedObject[] = [];

  const schedule = (ms: number, run: () => void) => {
    const at = now + Math.max(0, Math.ceil(ms));
    const runs = due.get(at);
    if (runs) runs.push(run);
    else due.set(at, [run]);
  };

  const createObject = (part: string, name: string) => {
    const object: SimulatedObject = {
      part,
      name,
      usage: newUsage(),
      busiestSecond: 0,
      largestValue: 0,
      largestCall: 0,
      stored: () => 0,
      instance: undefined,
      noteActive() {
        if (running > 0) object.usage.activeMs += now - since;
        since = now;
      },
    };
    objects.push(object);
    let [running, since, second, inSecond] = [0, 0, 0, 0];
    let alarmAt: number | null = null;
    const track = async (work: unknown) => {
      object.noteActive();
      running += 1;
      await Promise.allSettled([work]);
      object.noteActive();
      running -= 1;
    };
    const countCall = () => {
      object.usage.calls += 1;
      if (second !== Math.floor(now / SECOND_MS)) [second, inSecond] = [Math.floor(now / SECOND_MS), 0];
      inSecond += 1;
      object.busiestSecond = Math.max(object.busiestSecond, inSecond);
    };
    const run = (method: string, args: unknown[]) => {
      countCall();
      const work = (async () => instance[method]?.(...args))();
      void track(work);
      return work;
    };
    const setAlarm = (at: number) => {
      alarmAt = at;
      schedule(at - now, () => {
        if (alarmAt !== at) return;
        alarmAt = null;
        void run("alarm", []);
      });
    };
    const storage = createStorage(object, setAlarm, () => alarmAt);
    const context = {
      ...{ id: name, storage },
      waitUntil: (work: Promise<unknown>) => void track(work),
      // It reads the alarm, which arrives before any call: calls have a latency.
      blockConcurrencyWhile: (work: () => Promise<unknown>) => work(),
    };
    const Class = classes()[part] as ObjectClass;
    const instance = new Class(context, platform.env) as Instance;
    object.instance = instance;
    const latency = () => new Promise<void>((resolve) => schedule(LATENCY_MS, resolve));
    return new Proxy({} as object, {
      get:
        (_, method: string) =>
        async (...args: unknown[]) => {
          const length = args.reduce<number>((total, each) => total + (typeof each === "string" ? each.length : 0), 0);
          object.largestCall = Math.max(object.largestCall, length);
          await latency();
          const result = await run(method, args);
          await latency();
          return result;
        },
    });
  };

  const namespaceOf = (part: string) => {
    const stubs = new Map<string, object>();
    return {
      getByName(name: string) {
        const stub = stubs.get(name) ?? createObject(part, name);
        stubs.set(name, stub);
        return stub;
      },
    };
  };

  const platform: Platform = {
    env: Object.fromEntries(bindings.map((part) => [part, namespaceOf(part)])),
    get now() {
      return now;
    },
    objects,
    schedule,
    async advance(ms) {
      for (const until = now + ms; now < until; now += 1) {
        for (let runs = due.get(now); runs; runs = due.get(now)) {
          due.delete(now);
          for (const run of runs) run();
          await setImmediate();
        }
      }
    },
    startMeasuring() {
      for (const object of objects) {
        object.noteActive();
        object.usage = newUsage();
        object.busiestSecond = 0;
      }
    },
    endMeasuring() {
      for (const object of objects) object.noteActive();
    },
  };
  return platform;
};
