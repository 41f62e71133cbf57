import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type BatchResponse, batch, type Dropped, type Envelope, type Event as TrackedEvent } from "@tidemark/schema";
import type { Signal, SignalContext, Tracker, TrackerOptions } from "@tidemark/sdk";
import { build } from "esbuild";
import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { acknowledged, newTab, receive, type Tab } from "../../packages/collector/src/session/tab/tab.ts";
import { splitUnparsed } from "../../packages/collector/src/wire/split.ts";
import { validateEvents } from "../../packages/collector/src/wire/validate-events.ts";

/**
 * Faults of the network and the collector, with `pass` for none.
 *
 * - `late`: a batch takes half a second to arrive.
 * - `slow`: a batch takes half a minute to arrive, so that the page times out and sends it again.
 * - `reject`: the collector rejects the batch with a final error.
 * - `foreign`: another program responds with status 200 and JSON, such as a service worker; the batch does not arrive.
 * - `portal`: another server responds with status 404 and a page, such as a lapsed domain's.
 * - `strict`: the collector rejects each event.
 * - `stuck`: the batch arrives, and the browser then forgets the request: it never settles, not even when it is aborted.
 * - `throws`: the page's `fetch` throws an exception.
 * - `unreadable`: the batch arrives, and reading the body of the response fails.
 * - `paused`: the collector rejects all batches of the site, and asks for a retry.
 * - `unencodable`: the page's `JSON.stringify` throws an exception for a batch.
 *
 * `faulty-proxy.ts` describes the others.
 */
export const faults = [
  ...[
    "pass",
    "down",
    "error",
    "busy",
    "cut",
    "truncate",
    "hang",
    "twice",
    "late",
    "slow",
    "reject",
    "foreign",
    "portal",
  ],
  ...["stuck", "strict", "throws", "unreadable", "unencodable", "paused"],
] as const;
export type Fault = (typeof faults)[number];

/** The behaviour of the page's function `compress`. */
export const compressions = [
  ...["works", "rejects", "throws", "hangs", "returns nothing", "returns text", "returns other bytes"],
] as const;
export type Compression = (typeof compressions)[number];

/**
 * The storage of the browser.
 *
 * - `full`: IndexedDB opens and aborts each transaction.
 * - `hanging`: IndexedDB does not open a database while the storage is in this state.
 * - `stuck`: no transaction of IndexedDB ends.
 * - `foreign`: another script has created the database, with another object store.
 * - `forbidden`: no storage is accessible.
 */
export type StorageState = "free" | "full" | "hanging" | "stuck" | "foreign" | "forbidden";

/** A simulated page of the origin, with the SDK in it. */
export interface Page {
  readonly tracker: Tracker;
  /** Changes the page's URL. */
  navigate(url: string): void;
  /** Tracks an event with that number. `bytes`: length of a text in its properties. */
  track(number: number, bytes: number): void;
  /** Captures an event with that number that is not urgent, in the current page view, as a signal does. */
  capture(number: number): void;
  show(isVisible: boolean): void;
  /** Leaves the page, which stays in the back-forward cache: no timer and no response reaches it. */
  cache(): void;
  /** Restores the page from the back-forward cache, if it is there. */
  restore(): void;
  /**
   * Leaves the page: it receives `visibilitychange` and `pagehide`, and ends at once. Writes to IndexedDB that are not
   * committed by then are lost. `visible`: the page counts as visible to its end, as in WebKit.
   */
  leave(state?: "visible"): void;
  /** Ends the page without an event. */
  crash(): void;
}

/**
 * A simulated origin with its storage, network, collector and clock. Time passes in {@link Simulation.advance} only.
 */
export interface Simulation {
  /**
   * Opens a page in a new tab, or in the tab of the page `before`, which was left.
   *
   * @param clockError Error of its clock, in milliseconds. Default: 0.
   * @param options Further options of its tracker.
   */
  open(before?: Page, clockError?: number, options?: Partial<TrackerOptions>): Page;
  /** Advances the time, in milliseconds, and runs everything that is due. */
  advance(ms: number): Promise<void>;
  /** The fault that affects batches from now on. */
  network: Fault;
  storage: StorageState;
  /** The behaviour of the pages' function `compress` from now on. Default: `works`. */
  compression: Compression;
  /** Numbers of the events at which the collector fails with status 500. */
  readonly defects: Set<number>;
  /** Ends the state `hanging`: IndexedDB is `free`, and opens the databases that pages wait for. */
  openHanging(): void;
  /** Whether pages that are opened from now on have `fetchLater`. Default: false. */
  hasFetchLater: boolean;
  /** The option `sendWithin` of the pages that are opened from now on. Default: the SDK's. */
  sendWithin: number | undefined;
  /** `Retry-After` of a busy collector, in seconds. Default: 2. */
  retryAfter: number;
  /** The origin's localStorage, to which any script of the origin can write. */
  readonly localStorage: { getItem(name: string): string | null; setItem(name: string, value: string): void };
  readonly now: number;
  /** Numbers of the events that the collector has stored, once for each time. */
  readonly stored: number[];
  /** Number of events that arrived again after they were stored. */
  readonly duplicates: number;
  /**
   * Whether the collector knows secrets, traffic, reactions and the signals of page views, as older ones do not. Default:
   * true.
   */
  knowsAllFields: boolean;
  /**
   * Returns further fields of the response to a batch. The pages that are opened from now on have the option `reactions`.
   * Default: no function, no fields, and no option.
   */
  respond: ((received: Envelope) => Partial<BatchResponse>) | undefined;
  /**
   * Time until another page reads a change of the notes about reactions, in milliseconds: each page runs in a process of
   * its own. Default: 0.
   */
  storageLagMs: number;
  /** Whether the collector states a tab's numbers in its response, as older collectors do not. Default: true. */
  statesTab: boolean;
  /** Numbers of the events whose batch was rejected with a final error: the SDK may drop them. */
  readonly rejected: Set<number>;
  /** The dropped ranges that pages have reported. */
  readonly dropped: Dropped[];
  /** Warnings in the consoles of all pages. */
  readonly warnings: string[];
  /** Number of requests so far. */
  readonly requests: number;
  /** Violations of the contract or of a `Retry-After`, as text. */
  readonly violations: string[];
}

const SDK = fileURLToPath(new URL("../../packages/sdk/src", import.meta.url));

/** The localStorage key of the notes about reactions. */
const NOTES = "tidemark.tm_shop_12345678.reactions";

/** Times that a batch takes to arrive, in milliseconds. */
const LATENCY_MS = 20;
const LATE_MS = 500;
const SLOW_MS = 30_000;

/** The Fetch standard's quota of bodies in flight with keepalive, in bytes. */
const KEEPALIVE_BYTES = 65_536;

const LOCAL_STORAGE_CHARACTERS = 5_000_000;

/** A transaction of which no request ends. */
const STUCK_TRANSACTION = {
  objectStore: () => ({
    delete() {},
    put() {},
    getAll: () => ({}),
    getAllKeys: () => ({}),
    transaction: STUCK_TRANSACTION,
  }),
  addEventListener() {},
  commit() {},
};

/** The globals that the simulation replaces as arguments, in this order. The SDK takes all others from the window. */
const GLOBALS = ["window", "document", "location"] as const;

/** The globals of this program, which a simulated window has unless it replaces them. */
const builtIns = Object.fromEntries(
  Object.getOwnPropertyNames(globalThis)
    .filter((name) => !/Storage$/.test(name))
    .map((name) => [name, globalThis[name as keyof typeof globalThis]]),
);

const { outputFiles } = await build({
  stdin: {
    contents: `
      export { createTracker } from "./tracker/create-tracker.ts";
      export { reactions } from "./reactions/reactions.ts";
    `,
    resolveDir: SDK,
  },
  bundle: true,
  write: false,
  format: "iife",
  globalName: "sdk",
});
const load = new Function(...GLOBALS, `${outputFiles[0]?.text}; return sdk;`);

/** Creates a Web Storage area with the quota of browsers. */
const createStorage = () => {
  const items = new Map<string, string>();
  return {
    getItem: (name: string) => items.get(name) ?? null,
    setItem(name: string, value: string) {
      if (value.length > LOCAL_STORAGE_CHARACTERS) throw new DOMException("full", "QuotaExceededError");
      items.set(name, value);
    },
    removeItem: (name: string) => void items.delete(name),
  };
};

/** Creates a collector with the real contract, validation and deduplication. */
const createCollector = () => {
  const tabs = new Map<string, Tab>();
  const stored: number[] = [];
  const violations: string[] = [];
  const dropped: Dropped[] = [];
  let duplicates = 0;
  const numberOf = (event: object) => (event as { properties?: { number?: number } }).properties?.number;
  return {
    stored,
    violations,
    dropped,
    get duplicates() {
      return duplicates;
    },
    numbersIn: (body: string): number[] =>
      JSON.parse(body).events.flatMap((event: object) => numberOf(event) ?? []) as number[],
    receiveBatch(
      body: string,
      statesTab: boolean,
      respond?: (received: Envelope) => Partial<BatchResponse>,
    ): BatchResponse {
      if (!splitUnparsed(body)) violations.push("`events` is not the last field");
      const parsed = batch.safeParse(JSON.parse(body));
      if (!parsed.success) {
        violations.push(parsed.error.message);
        return { accepted: 0, duplicates: 0, rejected: [] };
      }
      const { tab_id } = parsed.data;
      dropped.push(...(parsed.data.dropped ?? []));
      const tab = tabs.get(tab_id) ?? newTab();
      tabs.set(tab_id, tab);
      const { valid, rejected } = validateEvents(parsed.data);
      for (const { message } of rejected) violations.push(message);
      const response: BatchResponse = { accepted: 0, duplicates: 0, rejected };
      for (const index of valid) {
        const event = parsed.data.events[index] as TrackedEvent;
        const isNew = receive(tab, event.seq) === "new";
        response[isNew ? "accepted" : "duplicates"] += 1;
        const number = numberOf(event);
        if (isNew && number !== undefined) stored.push(number);
      }
      duplicates += response.duplicates;
      const added = { added_later: {}, ...(statesTab && { tab: { acknowledged: acknowledged(tab) } }) };
      return { ...response, ...added, ...respond?.(parsed.data) };
    },
  };
};

/**
 * Creates a simulation in which no page is open yet. `random`: returns numbers from 0 to 1. With the same numbers a run
 * repeats exactly, except for the ids that the SDK generates.
 */
export const createSimulation = (random: () => number): Simulation => {
  const collector = createCollector();
  const database = new IDBFactory();
  const localStorage = createStorage();
  const rejected = new Set<number>();
  let now = 1_795_000_000_000;
  let requests = 0;
  let timers: { at: number; run: () => void }[] = [];
  /** Transactions and requests of IndexedDB in progress. */
  const transactions = new Set<IDBTransaction | IDBOpenDBRequest>();
  /** Opens the databases that pages wait for. */
  const hangingOpens: (() => void)[] = [];

  const schedule = (ms: number, run: () => void) => {
    const timer = { at: now + ms, run };
    timers.push(timer);
    return timer;
  };

  /** Resolves when nothing is left to run at the current time. */
  const untilIdle = async () => {
    for (let idle = 0; idle < 3; idle = transactions.size ? 0 : idle + 1) await setImmediate();
  };

  const warnings: string[] = [];
  const defects = new Set<number>();

  const send = (body: string, keepalive: boolean, isAlive: () => boolean) =>
    new Promise<Response>((resolve, reject) => {
      const fail = () => reject(new TypeError("network error"));
      const deliver = () => {
        if (!isAlive() && !keepalive) return;
        const fault = simulation.network;
        const headers = { "retry-after": `${simulation.retryAfter}` };
        if (fault === "down") fail();
        else if (fault === "error") resolve(new Response("broken", { status: 500 }));
        else if (fault === "busy") resolve(new Response("busy", { status: 429, headers }));
        else if (fault === "paused")
          resolve(Response.json({ error: { code: "paused", message: "a pause" } }, { status: 503, headers }));
        else if (fault === "reject") {
          for (const number of collector.numbersIn(body)) rejected.add(number);
          resolve(Response.json({ error: { code: "unknown_key", message: "no site" } }, { status: 401 }));
        } else if (fault === "strict") {
          for (const number of collector.numbersIn(body)) rejected.add(number);
          const rejection = { code: "invalid_field", path: "name", message: "name: expected another" };
          const all = JSON.parse(body).events.map((_: unknown, index: number) => ({ ...rejection, index }));
          resolve(Response.json({ accepted: 0, duplicates: 0, rejected: all, added_later: true }));
        } else if (fault === "foreign") resolve(Response.json({ ok: true }));
        else if (fault === "portal") resolve(new Response("<h1>This domain is for sale</h1>", { status: 404 }));
        else if (
          !simulation.knowsAllFields &&
          /"(signals|session_secret|traffic|sdk_report|reactions_\w+)":/.test(body)
        ) {
          const [field = "views.0.signals"] = /session_secret|traffic|sdk_report|reactions_\w+/.exec(body) ?? [];
          const message = `${field} is not a field of the contract (contract version 1).`;
          resolve(Response.json({ error: { code: "invalid_batch", message } }, { status: 400 }));
        } else if (collector.numbersIn(body).some((number) => defects.has(number))) {
          resolve(Response.json({ error: { code: "internal", message: "a defect" } }, { status: 500 }));
        } else if (fault !== "hang") {
          const { statesTab, respond } = simulation;
          if (fault === "twice") collector.receiveBatch(body, statesTab, respond);
          const response = JSON.stringify(collector.receiveBatch(body, statesTab, respond));
          if (fault === "stuck") return;
          if (fault === "unreadable")
            resolve(new Response(new ReadableStream({ start: (stream) => stream.error(new TypeError("reset")) })));
          if (fault === "cut") fail();
          else resolve(new Response(fault === "truncate" ? response.slice(0, 5) : response));
        }
      };
      schedule(simulation.network === "slow" ? SLOW_MS : simulation.network === "late" ? LATE_MS : LATENCY_MS, deliver);
    });

  /** The pages' views of the notes about reactions. */
  const noteViews = new Set<{ receive(value: string | null, number: number): void }>();
  let noteWrites = 0;

  const sessionStorageOf = new WeakMap<Page, ReturnType<typeof createStorage>>();

  const simulation: Simulation = {
    network: "pass",
    storage: "free",
    compression: "works",
    defects,
    warnings,
    knowsAllFields: true,
    respond: undefined,
    storageLagMs: 0,
    statesTab: true,
    openHanging() {
      simulation.storage = "free";
      for (const open of hangingOpens.splice(0)) open();
    },
    hasFetchLater: false,
    sendWithin: undefined,
    retryAfter: 2,
    localStorage,
    get now() {
      return now;
    },
    stored: collector.stored,
    get duplicates() {
      return collector.duplicates;
    },
    violations: collector.violations,
    dropped: collector.dropped,
    get requests() {
      return requests;
    },
    rejected,

    async advance(ms) {
      await untilIdle();
      for (const until = now + ms; ; await untilIdle()) {
        const next = timers.reduce<(typeof timers)[number] | undefined>(
          (first, timer) => (timer.at <= until && !(first && first.at <= timer.at) ? timer : first),
          undefined,
        );
        now = next ? Math.max(now, next.at) : until;
        if (!next) return;
        timers = timers.filter((timer) => timer !== next);
        next.run();
      }
    },

    open(before, clockError = 0, options = {}) {
      const sessionStorage = (before && sessionStorageOf.get(before)) ?? createStorage();
      const openedAt = now;
      const ownTransactions = new Set<IDBTransaction>();
      let isAlive = true;
      let isCached = false;
      /** Number of times that the page was in the back-forward cache. */
      let cachings = 0;
      /** Timers that ended while the page was in the back-forward cache. */
      let held: (() => void)[] = [];
      let inFlight = 0;
      let retryAfterUntil = 0;
      /** Bodies that the browser sends once the page is gone (`fetchLater`). */
      const laterBodies: string[] = [];
      let laterBytes = 0;

      /** Allows a millisecond, because a page's clock counts whole milliseconds. */
      const checkRetryAfter = () => {
        if (now < retryAfterUntil - 1)
          collector.violations.push(`sent a request ${retryAfterUntil - now} ms before the end of Retry-After`);
      };
      const forbidden = () => {
        throw new DOMException("forbidden", "SecurityError");
      };
      // The promises of an ended page still run here, unlike in a browser. They must not reach the storage.
      const canStore = () => isAlive && simulation.storage !== "forbidden";
      let notes = localStorage.getItem(NOTES);
      /** Number of the latest write of the notes that this page knows. */
      let notesNumber = noteWrites;
      const noteView = {
        receive(value: string | null, number: number) {
          if (!isAlive || isCached || number <= notesNumber) return;
          notes = value;
          notesNumber = number;
          window.dispatchEvent(Object.assign(new Event("storage"), { key: NOTES, newValue: value }));
        },
      };
      noteViews.add(noteView);
      const writeNotes = (value: string | null) => {
        if (value === null) localStorage.removeItem(NOTES);
        else localStorage.setItem(NOTES, value);
        noteWrites += 1;
        const number = noteWrites;
        notes = value;
        notesNumber = number;
        for (const other of noteViews)
          if (other !== noteView) schedule(random() * simulation.storageLagMs, () => other.receive(value, number));
      };
      const ownLocalStorage = {
        getItem: (name: string) => (name === NOTES ? notes : localStorage.getItem(name)),
        setItem: (name: string, value: string) =>
          name === NOTES ? writeNotes(value) : localStorage.setItem(name, value),
        removeItem: (name: string) => (name === NOTES ? writeNotes(null) : localStorage.removeItem(name)),
      };
      const areas = {
        get localStorage() {
          return canStore() ? ownLocalStorage : forbidden();
        },
        get sessionStorage() {
          return canStore() ? sessionStorage : forbidden();
        },
      };
      const window = Object.assign(
        Object.defineProperties(new EventTarget(), Object.getOwnPropertyDescriptors(areas)),
        builtIns,
      );
      let visibility: DocumentVisibilityState = "visible";
      const document = new (class extends EventTarget {
        get visibilityState() {
          return visibility;
        }
      })();

      const openDatabase = (name: string) => {
        const request = database.open(name);
        transactions.add(request);
        request.addEventListener("success", () => {
          transactions.delete(request);
          const { result } = request;
          const createTransaction = result.transaction.bind(result);
          result.transaction = (...args) => {
            if (!isAlive) forbidden();
            if (simulation.storage === "foreign") throw new DOMException("no such store", "NotFoundError");
            if (simulation.storage === "stuck") return STUCK_TRANSACTION as unknown as IDBTransaction;
            const transaction = createTransaction(...args);
            ownTransactions.add(transaction);
            transactions.add(transaction);
            const onEnd = () => {
              ownTransactions.delete(transaction);
              transactions.delete(transaction);
            };
            for (const type of ["complete", "abort"]) transaction.addEventListener(type, onEnd);
            // A browser may abort the commit of a page that ends. Without `commit`, a transaction commits by itself a
            // moment later.
            transaction.commit = () => {};
            if (simulation.storage === "full") transaction.abort();
            return transaction;
          };
        });
        return request;
      };
      const indexedDB = {
        open(name: string) {
          if (!canStore()) forbidden();
          if (simulation.storage !== "hanging") return openDatabase(name);
          const hanging: Partial<Record<"result" | "onupgradeneeded" | "onsuccess", unknown>> = {};
          const openLate = () => {
            const request = openDatabase(name);
            for (const type of ["onupgradeneeded", "onsuccess"] as const)
              request[type] = () => {
                hanging.result = request.result;
                (hanging[type] as () => void)();
              };
          };
          hangingOpens.push(() => isAlive && openLate());
          return hanging;
        },
      };

      const location = { href: "https://shop.example/", origin: "https://shop.example" };
      Object.assign(window, {
        navigator: {},
        performance: { timeOrigin: openedAt + clockError, now: () => now - openedAt },
        Date: Object.assign(() => {}, { now: () => now + clockError, parse: Date.parse }),
        Math: Object.create(Math, { random: { value: random } }),
        IDBKeyRange,
        indexedDB,
        JSON: {
          parse: JSON.parse,
          stringify(value: { sent_at?: number }) {
            if (simulation.network === "unencodable" && value?.sent_at) throw new TypeError("not serializable");
            return JSON.stringify(value);
          },
        },
        // `setTimeout` runs at once for a wait of more than 31 bits.
        setTimeout: (run: () => void, ms = 0) =>
          schedule(ms > 2 ** 31 - 1 ? 0 : ms, () => {
            if (isCached) held.push(run);
            else if (isAlive) run();
          }),
        clearTimeout: (timer: (typeof timers)[number]) => {
          timers = timers.filter((each) => each !== timer);
        },
        console: { warn: (...texts: unknown[]) => warnings.push(texts.join(" ")), info() {} },
        fetch: (
          url: string,
          { body: bytes, keepalive, signal }: { body?: Uint8Array; keepalive: boolean; signal: AbortSignal },
        ) => {
          if (simulation.network === "throws") throw new TypeError("fetch is not allowed");
          if (url.includes("/features/") || !bytes) return Promise.resolve(Response.json({ features: {} }));
          const body = new TextDecoder().decode(bytes);
          requests += 1;
          checkRetryAfter();
          const startedAt = cachings;
          const isStuck = simulation.network === "stuck";
          const size = bytes.length;
          if (keepalive && inFlight + size > KEEPALIVE_BYTES) return Promise.reject(new TypeError("over the quota"));
          if (keepalive) inFlight += size;
          return new Promise((resolve, reject) => {
            const endWith = (act: () => void) => () => {
              if (keepalive) inFlight -= size;
              keepalive = false;
              if (isAlive && startedAt === cachings) act();
            };
            signal.addEventListener(
              "abort",
              endWith(() => isStuck || reject(signal.reason)),
            );
            send(body, keepalive, () => isAlive && startedAt === cachings).then(
              (response) => {
                if (response.headers.has("retry-after") && startedAt === cachings)
                  retryAfterUntil = Math.max(retryAfterUntil, now + simulation.retryAfter * 1000);
                endWith(() => resolve(response))();
              },
              (error) => endWith(() => reject(error))(),
            );
          });
        },
      });
      if (simulation.hasFetchLater)
        Object.assign(window, {
          fetchLater(_: string, { body }: { body: Uint8Array }) {
            checkRetryAfter();
            if (laterBytes + body.length > KEEPALIVE_BYTES) throw new DOMException("no room", "QuotaExceededError");
            laterBytes += body.length;
            laterBodies.push(new TextDecoder().decode(body));
          },
        });
      /** Asynchronous, like compression; returns the body unchanged. */
      const compress = (body: Uint8Array): Promise<Uint8Array> => {
        if (simulation.compression === "throws") throw new Error("compression failed");
        if (simulation.compression === "hangs") return new Promise(() => {});
        if (simulation.compression === "rejects") return Promise.reject(new Error("compression failed"));
        const returned: Partial<Record<Compression, unknown>> = {
          works: body,
          "returns text": "text",
          "returns other bytes": new Uint8Array([1, 2, 3]),
        };
        return Promise.resolve(returned[simulation.compression] as Uint8Array);
      };
      const globals: Record<(typeof GLOBALS)[number], unknown> = { window, document, location };
      const { createTracker, reactions } = load(...GLOBALS.map((name) => globals[name]));
      let capture: SignalContext["capture"] | undefined;
      const signal: Signal = (context) => {
        capture = context.capture;
        return () => {};
      };
      const tracker: Tracker = createTracker({
        key: "tm_shop_12345678",
        endpoint: "https://collector.example",
        signals: [signal],
        sendWithin: simulation.sendWithin,
        compress,
        ...(simulation.respond && { reactions }),
        ...options,
      });

      const end = () => {
        isAlive = false;
        for (const body of laterBodies) void send(body, true, () => false).catch(() => {});
        for (const transaction of ownTransactions) {
          // Throws for a transaction that is over, and whose event is still to come.
          try {
            transaction.abort();
          } catch {}
        }
      };
      const show = (isVisible: boolean) => {
        const state = isVisible ? "visible" : "hidden";
        if (visibility === state) return;
        visibility = state;
        document.dispatchEvent(new Event("visibilitychange"));
      };
      const page: Page = {
        tracker,
        navigate(url) {
          location.href = url;
        },
        track: (number, bytes) => tracker.track("numbered", { number, ...(bytes && { text: "x".repeat(bytes) }) }),
        capture: (number) => capture?.("page_view", { cause: "manual", properties: { number } }),
        show,
        leave(state) {
          if (!state) show(false);
          window.dispatchEvent(new Event("pagehide"));
          // The microtasks of the page's last task still run.
          queueMicrotask(() => queueMicrotask(() => queueMicrotask(() => queueMicrotask(end))));
        },
        cache() {
          show(false);
          window.dispatchEvent(new Event("pagehide"));
          queueMicrotask(() =>
            queueMicrotask(() =>
              queueMicrotask(() =>
                queueMicrotask(() => {
                  isCached = true;
                  cachings += 1;
                }),
              ),
            ),
          );
        },
        restore() {
          if (!isCached) return;
          isCached = false;
          notes = localStorage.getItem(NOTES);
          notesNumber = noteWrites;
          const due = held;
          held = [];
          for (const run of due) run();
          window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
          show(true);
        },
        crash: end,
      };
      sessionStorageOf.set(page, sessionStorage);
      return page;
    },
  };
  return simulation;
};
