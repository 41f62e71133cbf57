import type { Dropped, Event, View } from "@tidemark/schema";
import type { Tell } from "../happenings.ts";
import { mint } from "../identity/mint.ts";
import { now } from "../sensors/clock.ts";
import { isVisible, onPageChange, whenSeen } from "../sensors/page-state.ts";
import { createTimer } from "../sensors/timer.ts";
import { backoff } from "./backoff.ts";
import { newParcel, pack, rangeOf, type Sender } from "./parcel.ts";
import { createSpool, type Spooled } from "./spool.ts";
import { post } from "./transport.ts";

/** A full batch: this many events. */
const MAX_EVENTS = 40;

/** An event with more bytes than this of what a caller added fills a batch: so all batches stay below the keepalive quota. */
const MAX_LOAD = 512;

/** Longest time an event waits for others, in milliseconds. */
const MAX_AGE_MS = 2_000;

/** Longest time an event is in memory only, in milliseconds: what a crash can cost. */
const SPOOL_AFTER_MS = 250;

/** Most parcels that wait, each of at most some 40 KB; the oldest go first, and are counted. */
const MAX_PARCELS = 200;

/** Events older than this are not sent any more, in milliseconds. */
const MAX_WAIT_MS = 7 * 24 * 60 * 60 * 1000;

/** Brings events to the collector: each at least once, and the collector counts each once. */
export interface Delivery {
  /**
   * Takes an event in. It is sent within {@link MAX_AGE_MS}, and at once when the page is hidden.
   *
   * @param load Bytes of JSON that a caller added to the event.
   */
  add(event: Event, view: View, sender: Sender, load: number): void;
  /** Sends all there is. @throws Error that says how many batches are still kept, and why. */
  flush(): Promise<void>;
  /** Sends what is left and stops. */
  stop(): void;
}

/** A parcel on its way: the request under way, and who wants to know when it is settled. */
interface Item extends Spooled {
  request?: Promise<void> | undefined;
  settled?: () => void;
}

/** Delivery to `${endpoint}/v1/events`, which tells of every answer and every trouble. */
export const createDelivery = (key: string, endpoint: string, tell: Tell): Delivery => {
  const name = `tidemark.${key}`;
  const page = mint();
  const spool = createSpool(name, (error) => tell("trouble", `${error}`));
  /** Sealed parcels that wait for their turn or their answer, the oldest first. */
  let waiting: Item[] = [];
  let open: Item | undefined;
  let parcels = 0;
  /** What was given up of the current tab and is not reported yet. */
  let lost: Dropped[] = [];
  let tab: string | undefined;
  let failures = 0;
  /** How long the collector asked to be left in peace, when it last refused, in milliseconds. */
  let asked = 0;
  let trouble = "";

  const keepOpen = () => open && spool.keep(open);

  /** Lets a parcel go: it is stored, or, for a reason, given up, and the next one of its tab reports that. */
  const settle = (item: Item, gaveUp?: Dropped["reason"]) => {
    waiting = waiting.filter((other) => other !== item);
    spool.forget(item);
    item.settled?.();
    if (!gaveUp) return;
    tell("trouble", gaveUp);
    if (item.parcel.tab_id === tab)
      lost = [...lost, ...(item.parcel.dropped ?? []), { ...rangeOf(item.parcel), reason: gaveUp }].slice(-100);
  };

  /** Gives up what is too old, and the oldest of what is too much. */
  const prune = () => {
    for (const item of waiting) {
      const isOld = (item.parcel.events[0]?.time ?? 0) < now() - MAX_WAIT_MS;
      if (!item.request && (isOld || waiting.length > MAX_PARCELS)) settle(item, isOld ? "expired" : "overflow");
    }
  };

  const seal = () => {
    aging.stop();
    spooling.stop();
    if (!open) return;
    if (lost.length) open.parcel.dropped = lost;
    keepOpen();
    waiting.push(open);
    open = undefined;
    lost = [];
    prune();
  };

  const attempt = async (item: Item) => {
    const body = JSON.stringify({ ...item.parcel, key, sent_at: now() });
    const [reason, answer, afterMs] = await post(`${endpoint}/v1/events`, body);
    item.request = undefined;
    trouble = reason;
    if (afterMs !== undefined) {
      failures += 1;
      asked = afterMs;
      resting.start(backoff(failures, afterMs));
      tell("trouble", reason);
      return;
    }
    failures = 0;
    if (answer) tell("acknowledged", answer);
    else console.warn("[tidemark]", reason);
    settle(item, answer ? undefined : "refused");
    pump();
  };

  const send = (item: Item): Promise<void> => {
    item.request ??= attempt(item);
    return item.request;
  };

  /** Sends what waits: one after the other while the page lives, all at once when this may be its last moment. */
  const pump = () => {
    if (!resting.runs()) for (const item of isVisible() ? waiting.slice(0, 1) : waiting) void send(item);
  };

  const sealAndPump = () => {
    seal();
    pump();
  };

  /** Ends a rest early, unless the collector asked for it. */
  const wake = () => {
    if (!asked) resting.stop();
    sealAndPump();
  };

  const aging = createTimer(sealAndPump);
  const spooling = createTimer(keepOpen);
  const resting = createTimer(pump);

  /**
   * Sends what other pages have spooled: those that are gone, and, since nothing tells them apart that would not bar pages
   * from the back-forward cache, those that live; what both send is stored once.
   */
  const inherit = async () => {
    const left = (await spool.read()).filter((item) => item?.parcel?.events && item.place?.[0] !== page);
    const settled = left.map(
      (item) => new Promise<void>((resolve) => waiting.push(Object.assign(item, { settled: resolve }))),
    );
    prune();
    pump();
    await Promise.all(settled);
  };
  // One page at a time, where pages may have locks; and none that was loaded ahead.
  const stopWaiting = whenSeen(() => void (navigator.locks?.request(name, inherit).catch(() => {}) ?? inherit()));

  // The listeners of this moment have their say before the last batch is sealed.
  const stopListening = onPageChange(() => queueMicrotask(wake));

  return {
    add(event, view, sender, load) {
      if (tab !== sender.tab_id) {
        seal();
        tab = sender.tab_id;
        lost = [];
      }
      if (!open) {
        parcels += 1;
        open = { place: [page, parcels], parcel: newParcel(sender) };
      }
      const { parcel } = open;
      pack(parcel, event, view);
      if (!isVisible()) {
        queueMicrotask(wake);
      } else if (parcel.events.length >= MAX_EVENTS || load > MAX_LOAD || event.type === "identify") {
        sealAndPump();
      } else {
        aging.start(MAX_AGE_MS);
        spooling.start(SPOOL_AFTER_MS);
      }
    },
    async flush() {
      wake();
      const mine = [...waiting];
      if (!resting.runs()) await Promise.all(mine.map(send));
      const kept = mine.filter((item) => waiting.includes(item)).length;
      if (kept) throw new Error(`${kept} batches wait: ${trouble}`);
    },
    stop() {
      stopListening();
      wake();
      resting.stop();
      stopWaiting();
    },
  };
};
