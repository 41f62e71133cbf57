import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type BatchResponse, batch, type Dropped, type Event as TrackedEvent } from "@tidemark/schema";
import type { Tracker } from "@tidemark/sdk";
import { build } from "esbuild";
import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { newTab, receive, type Tab } from "../../packages/collector/src/session/tab/tab.ts";
import { splitUnparsed } from "../../packages/collector/src/wire/split.ts";
import { validateEvents } from "../../packages/collector/src/wire/validate-events.ts";

/**
 * What befalls batches on their way, beside nothing (`pass`). `refuse`: the answer is final; `slow`: half a minute on the way, so
 * that the page gives up and sends again what arrives later. The others are those of `faulty-proxy.ts`.
 */
export const faults = ["pass", "down", "error", "busy", "cut", "truncate", "hang", "twice", "slow", "refuse"] as const;
export type Fault = (typeof faults)[number];

/** What a browser lets a page store. `full`: IndexedDB opens and keeps nothing; `forbidden`: no storage at all. */
export type StorageState = "free" | "full" | "forbidden";

/** A page of the origin in a browser without a screen, with the SDK in it. */
export interface Page {
  readonly tracker: Tracker;
  /** Tracks an event of that number. `bytes`: of text that goes with it. */
  track(number: number, bytes: number): void;
  show(isVisible: boolean): void;
  /** The visitor leaves the page: it is told, and is gone at once. What it writes to IndexedDB and has not committed is lost. */
  leave(): void;
  /** It is gone without a word. */
  crash(): void;
}

/** An origin with its storage, the network, the collector and the time, which passes when told to. */
export interface Simulation {
  /** Opens a page: in a tab of its own, or in the tab of the page before, which has to be left. `clock`: how wrong it goes. */
  open(before?: Page, clock?: number): Page;
  /** Lets time pass, in milliseconds, and everything happen that is due. */
  advance(ms: number): Promise<void>;
  /** From now on this happens to batches. */
  network: Fault;
  storage: StorageState;
  /** Whether pages that are opened from now on have `fetchLater`. Default: false. */
  hasFetchLater: boolean;
  /** How long a busy collector asks to be left in peace, in seconds. Default: 2. */
  retryAfter: number;
  /** The origin's, as any script of it could write there. */
  readonly localStorage: { setItem(name: string, value: string): void };
  readonly now: number;
  /** Numbers of the events that the collector has stored, as often as it did. */
  readonly stored: number[];
  /** Numbers of the events whose batch was refused for good: they may be given up. */
  readonly refused: Set<number>;
  /** What pages have reported as given up. */
  readonly dropped: Dropped[];
  /** How many batches were sent. */
  readonly requests: number;
  /** What was sent against the contract, or before the collector's rest was over, in words. */
  readonly violations: string[];
}

const TRACKER = fileURLToPath(new URL("../../packages/sdk/src/tracker/create-tracker.ts", import.meta.url));

/** On the way, in milliseconds. */
const WAY_MS = 20;

const SLOW_MS = 30_000;

/** The Fetch standard's bound on what is in flight with keepalive. */
const KEEPALIVE_BYTES = 65_536;

const LOCAL_STORAGE_CHARACTERS = 5_000_000;

/** The globals that the SDK uses, in the order in which a page is given its own. */
const GLOBALS = [
  ...["window", "document", "location", "navigator", "performance", "Date", "Math", "fetch", "AbortSignal"],
  ...["setTimeout", "clearTimeout", "indexedDB", "IDBKeyRange", "console"],
] as const;

const { outputFiles } = await build({
  entryPoints: [TRACKER],
  bundle: true,
  write: false,
  format: "iife",
  globalName: "sdk",
});
const load = new Function(...GLOBALS, `${outputFiles[0]?.text}; return sdk.createTracker;`);

/** Web Storage, as strict about its bound as browsers are. */
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

/** A collector's core: the contract, the verdicts and the dedupe are the real ones. */
const createCollector = () => {
  const tabs = new Map<string, Tab>();
  const stored: number[] = [];
  const violations: string[] = [];
  const dropped: Dropped[] = [];
  const numberOf = (event: object) => (event as { properties?: { number?: number } }).properties?.number;
  return {
    stored,
    violations,
    dropped,
    numbersIn: (body: string): number[] =>
      JSON.parse(body).events.flatMap((event: object) => numberOf(event) ?? []) as number[],
    take(body: string): BatchResponse {
      if (!splitUnparsed(body)) violations.push("the events do not come last");
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
      const answer: BatchResponse = { accepted: 0, duplicates: 0, rejected };
      for (const index of valid) {
        const event = parsed.data.events[index] as TrackedEvent;
        const isNew = receive(tab, event.seq) === "new";
        answer[isNew ? "accepted" : "duplicates"] += 1;
        const number = numberOf(event);
        if (isNew && number !== undefined) stored.push(number);
      }
      return answer;
    },
  };
};

/** A simulation in which nothing has happened. `random`: gives numbers from 0 to 1, so that a run can be repeated. */
export const createSimulation = (random: () => number): Simulation => {
  const collector = createCollector();
  const database = new IDBFactory();
  const localStorage = createStorage();
  const refused = new Set<number>();
  let now = 1_795_000_000_000;
  let requests = 0;
  let timers: { at: number; run: () => void }[] = [];
  const locks = new Map<string, Promise<unknown>>();
  /** What of IndexedDB is not over yet. */
  const transactions = new Set<IDBTransaction | IDBOpenDBRequest>();

  const after = (ms: number, run: () => void) => {
    const timer = { at: now + ms, run };
    timers.push(timer);
    return timer;
  };

  /** Until nothing is left to happen at this moment. */
  const settle = async () => {
    for (let idle = 0; idle < 3; idle = transactions.size ? 0 : idle + 1) await setImmediate();
  };

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
        else if (fault === "refuse") {
          for (const number of collector.numbersIn(body)) refused.add(number);
          resolve(new Response("no", { status: 400 }));
        } else if (fault !== "hang") {
          if (fault === "twice") collector.take(body);
          const answer = JSON.stringify(collector.take(body));
          if (fault === "cut") fail();
          else resolve(new Response(fault === "truncate" ? answer.slice(0, 5) : answer));
        }
      };
      after(simulation.network === "slow" ? SLOW_MS : WAY_MS, deliver);
    });

  const tabOf = new WeakMap<Page, ReturnType<typeof createStorage>>();

  const simulation: Simulation = {
    network: "pass",
    storage: "free",
    hasFetchLater: false,
    retryAfter: 2,
    localStorage,
    get now() {
      return now;
    },
    stored: collector.stored,
    violations: collector.violations,
    dropped: collector.dropped,
    get requests() {
      return requests;
    },
    refused,

    async advance(ms) {
      await settle();
      for (const until = now + ms; ; await settle()) {
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

    open(before, clock = 0) {
      const sessionStorage = (before && tabOf.get(before)) ?? createStorage();
      const begun = now;
      const own = new Set<IDBTransaction>();
      let isAlive = true;
      let inFlight = 0;
      let restsUntil = 0;
      /** What the browser is to send when the page is gone. */
      const later: string[] = [];
      let laterBytes = 0;
      let release: (() => void) | undefined;

      /** A page counts in whole milliseconds. */
      const keepRest = () => {
        if (now < restsUntil - 1) collector.violations.push(`came back ${restsUntil - now} ms too early`);
      };
      const forbidden = () => {
        throw new DOMException("forbidden", "SecurityError");
      };
      // A dead page runs no more; here its promises still do, and must find nothing to act on.
      const has = () => isAlive && simulation.storage !== "forbidden";
      const areas = {
        get localStorage() {
          return has() ? localStorage : forbidden();
        },
        get sessionStorage() {
          return has() ? sessionStorage : forbidden();
        },
      };
      const window = Object.assign(Object.defineProperties(new EventTarget(), Object.getOwnPropertyDescriptors(areas)));
      const document = Object.assign(new EventTarget(), { visibilityState: "visible" });

      const indexedDB = {
        open(name: string) {
          if (!has()) forbidden();
          const request = database.open(name);
          transactions.add(request);
          request.addEventListener("success", () => {
            transactions.delete(request);
            const { result } = request;
            const begin = result.transaction.bind(result);
            result.transaction = (...args) => {
              if (!isAlive) forbidden();
              const transaction = begin(...args);
              own.add(transaction);
              transactions.add(transaction);
              const end = () => {
                own.delete(transaction);
                transactions.delete(transaction);
              };
              for (const type of ["complete", "abort"]) transaction.addEventListener(type, end);
              // A browser may abort what a dying page has asked to commit: it commits by itself a moment later.
              transaction.commit = () => {};
              if (simulation.storage === "full") transaction.abort();
              return transaction;
            };
          });
          return request;
        },
      };

      const values: Record<(typeof GLOBALS)[number], unknown> = {
        window,
        document,
        location: { href: "https://shop.example/" },
        navigator: {
          locks: {
            async request(name: string, use: () => Promise<unknown>) {
              const turn = (locks.get(name) ?? Promise.resolve()).then(() => {
                if (!isAlive) return;
                return Promise.race([
                  use(),
                  new Promise<void>((resolve) => {
                    release = resolve;
                  }),
                ]);
              });
              locks.set(
                name,
                turn.catch(() => {}),
              );
              return turn;
            },
          },
        },
        performance: { timeOrigin: begun + clock, now: () => now - begun },
        Date: { now: () => now + clock, parse: Date.parse },
        Math: Object.create(Math, { random: { value: random } }),
        AbortSignal: { timeout: (ms: number) => ms },
        IDBKeyRange,
        indexedDB,
        // A longer wait than fits into 32 bits is none.
        setTimeout: (run: () => void, ms = 0) => after(ms > 2 ** 31 - 1 ? 0 : ms, () => isAlive && run()),
        clearTimeout: (timer: (typeof timers)[number]) => {
          timers = timers.filter((each) => each !== timer);
        },
        console: { warn() {}, info() {} },
        fetch: (
          _: string,
          { body: bytes, keepalive, signal }: { body: Uint8Array; keepalive: boolean; signal: number },
        ) => {
          const body = new TextDecoder().decode(bytes);
          requests += 1;
          keepRest();
          const size = bytes.length;
          if (keepalive && inFlight + size > KEEPALIVE_BYTES) return Promise.reject(new TypeError("over the quota"));
          if (keepalive) inFlight += size;
          return new Promise((resolve, reject) => {
            const end = (go: () => void) => () => {
              if (keepalive) inFlight -= size;
              keepalive = false;
              if (isAlive) go();
            };
            after(
              signal,
              end(() => reject(new DOMException("timed out", "TimeoutError"))),
            );
            send(body, keepalive, () => isAlive).then(
              (response) => {
                if (response.status === 429) restsUntil = Math.max(restsUntil, now + simulation.retryAfter * 1000);
                end(() => resolve(response))();
              },
              (error) => end(() => reject(error))(),
            );
          });
        },
      };
      if (simulation.hasFetchLater)
        Object.assign(window, {
          fetchLater(_: string, { body }: { body: Uint8Array }) {
            keepRest();
            if (laterBytes + body.length > KEEPALIVE_BYTES) throw new DOMException("no room", "QuotaExceededError");
            laterBytes += body.length;
            later.push(new TextDecoder().decode(body));
          },
        });
      const createTracker = load(...GLOBALS.map((name) => values[name]));
      const tracker: Tracker = createTracker({
        key: "tm_shop_12345678",
        endpoint: "https://collector.example",
        // Takes its time, as compression does, and changes nothing.
        compress: async (body: Uint8Array) => body,
      });

      const die = () => {
        isAlive = false;
        for (const body of later) void send(body, true, () => false).catch(() => {});
        for (const transaction of own) {
          // One that is over already says so in a moment.
          try {
            transaction.abort();
          } catch {}
        }
        release?.();
      };
      const show = (isVisible: boolean) => {
        const state = isVisible ? "visible" : "hidden";
        if (document.visibilityState === state) return;
        document.visibilityState = state;
        document.dispatchEvent(new Event("visibilitychange"));
      };
      const page: Page = {
        tracker,
        track: (number, bytes) => tracker.track("numbered", { number, ...(bytes && { text: "x".repeat(bytes) }) }),
        show,
        leave() {
          show(false);
          window.dispatchEvent(new Event("pagehide"));
          // The microtasks of its last task still run.
          queueMicrotask(() => queueMicrotask(() => queueMicrotask(() => queueMicrotask(die))));
        },
        crash: die,
      };
      tabOf.set(page, sessionStorage);
      return page;
    },
  };
  return simulation;
};
