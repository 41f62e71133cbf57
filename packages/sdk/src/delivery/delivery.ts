import type { Dropped, Event, View } from "@tidemark/schema";
import { bytesOf } from "../bytes.ts";
import type { Tell } from "../happenings.ts";
import { slot, willOf } from "../identity/storage.ts";
import { now } from "../sensors/clock.ts";
import { isVisible, onPageChange } from "../sensors/page-state.ts";
import { createTimer } from "../sensors/timer.ts";
import { backoff } from "./backoff.ts";
import type { Compress } from "./gzip.ts";
import { newParcel, type Parcel, pack, type Sender } from "./parcel.ts";
import { createSpool } from "./spool.ts";
import { hasRoom, post, postLater } from "./transport.ts";

/** A full batch: this many events. */
const MAX_EVENTS = 100;

/** Events with more bytes than this of what callers added fill a batch: so every batch has room in the keepalive quota. */
const MAX_LOAD = 10_000;

/** Longest time an event waits for others, in milliseconds. */
const MAX_AGE_MS = 2_000;

/** Events that go at once, if nothing else is under way: what the site itself reports, forms sent, and errors. */
const URGENT = /custom|identify|error|submit/;

/** What may change within a tab, and is the same for all events of a parcel. */
const SHARED = ["anonymous_id", "user_id", "consent"] as const;

/** Most parcels that wait, each of at most 50 KB; the oldest go first, and are counted. */
const MAX_PARCELS = 200;

/** Most parcels that a page leaves in its will, the latest: at the very most three of the five megabytes that the origin has. */
const MAX_WILLED = 60;

/** Events older than this are not sent any more, in milliseconds. */
const MAX_WAIT_MS = 7 * 24 * 60 * 60 * 1000;

/** Brings events to the collector: each at least once, and the collector counts each once. */
export type Delivery = [
  /**
   * Takes an event in. It is sent within {@link MAX_AGE_MS}, and at once when the page is hidden.
   *
   * @param load Bytes of JSON that a caller added to the event.
   */
  deliver: (event: Event, view: View, sender: Sender, load: number) => void,
  /** Sends all there is. @throws Error that says how many batches are still kept, and why. */
  flush: () => Promise<void>,
  /** Stops: sends what is left, or forgets it, here and in the spool. */
  stop: (forgets?: boolean) => void,
];

/** A parcel that waits: the request under way, and who wants to know when it is settled. */
interface Item {
  parcel: Parcel;
  request?: Promise<void> | undefined;
  settled?: () => void;
}

/**
 * Delivery to `${endpoint}/v1/events`, which tells of every answer and every trouble.
 *
 * @param name Where events are stored, if anything may be.
 * @param credentials Whether requests bring cookies, now.
 */
export const createDelivery = (
  key: string,
  endpoint: string,
  tell: Tell,
  name: string | false,
  credentials: () => RequestCredentials,
  compress?: Compress,
): Delivery => {
  const [spool, writeSpool, readSpool, closeSpool] = createSpool(name, (error) => tell("trouble", `${error}`));
  /** What a page that is left has not sent: it may not live to see the spool commit, but this is written at once. */
  const will = slot<Parcel[]>("localStorage", willOf(name));
  /** Any script of the origin may have written there: what is no list of parcels is none. */
  const readWill = () => [will.read()].flat().filter((parcel) => parcel?.events?.[0]) as Parcel[];
  /** Parcels that wait for their turn or their answer, the oldest first. */
  let waiting: Item[] = [];
  /** The one that takes more events in, until it is full or something is sent. */
  let open: Item | undefined;
  /** Bytes that callers added to it. */
  let weight = 0;
  /** What was given up of the current tab and is not reported yet. */
  let lost: Dropped[] = [];
  let tab: string | undefined;
  /** Numbers of the first events that this page has delivered, by their tabs. */
  const firstSeqs: Record<string, number> = {};
  let failures = 0;
  /** Until when the collector asked to be left in peace: of several answers the longest holds. */
  let peaceUntil = 0;
  let trouble = "";

  /** Lets a parcel go: it is stored, or, for a reason, given up, and the next one of its tab reports that. */
  const settle = (item: Item, gaveUp?: Dropped["reason"]) => {
    const { tab_id, events, dropped = [] } = item.parcel;
    waiting = waiting.filter((other) => other !== item);
    spool(item.parcel, false);
    item.settled?.();
    if (!gaveUp) return;
    tell("trouble", gaveUp);
    if (tab_id === tab)
      lost = [
        ...lost,
        ...dropped,
        { from_seq: events[0].seq, to_seq: (events.at(-1) as Event).seq, reason: gaveUp },
      ].slice(-100);
  };

  /** Gives up what is too old, and the oldest of what is too much. */
  const prune = () => {
    for (const item of waiting) {
      if (item.request) continue;
      if (item.parcel.events[0].time < now() - MAX_WAIT_MS) settle(item, "expired");
      else if (waiting.length > MAX_PARCELS) settle(item, "overflow");
    }
  };

  const url = `${endpoint}/v1/events`;
  // The events last: the collector then reads whose they are without reading them.
  const bodyOf = ({ parcel }: Item) => bytesOf(JSON.stringify({ key, sent_at: now(), ...parcel }));

  const attempt = async (item: Item) => {
    open = undefined;
    tell("sent", item.parcel);
    const body = bodyOf(item);
    const [reason, afterMs, answer] = await post(
      url,
      compress && isVisible() ? await compress(body) : body,
      credentials(),
    );
    item.request = undefined;
    trouble = reason;
    if (afterMs !== false) {
      failures += 1;
      peaceUntil = Math.max(peaceUntil, now() + afterMs);
      stopResting();
      startResting(backoff(failures, peaceUntil - now()));
      tell("trouble", reason);
      return;
    }
    failures = 0;
    if (answer) tell("acknowledged", { ...answer, ...item.parcel });
    else console.warn("[tidemark]", reason);
    settle(item, answer ? undefined : "refused");
    pump();
  };

  const send = (item: Item): Promise<void> => {
    item.request ??= attempt(item);
    return item.request;
  };

  /**
   * Sends what waits: one after the other while the page lives, and not what waits for more; as much as may outlive the page
   * when this may be its last moment.
   */
  const pump = () => {
    if (!isResting())
      for (const item of isVisible() ? waiting.slice(0, 1) : waiting)
        if (hasRoom() && !(isAging() && item === open)) void send(item);
  };

  /** Ends a rest early, unless the collector asked for it. */
  const wake = () => {
    stopAging();
    if (peaceUntil <= now()) stopResting();
    pump();
    void writeSpool();
  };

  const [startAging, stopAging, isAging] = createTimer(pump);
  const [startResting, stopResting, isResting] = createTimer(pump);

  /**
   * Sends what pages have spooled and left: those that are gone, and, since nothing tells them apart that would not bar pages
   * from the back-forward cache, those that live; what both send is stored once.
   */
  const inherit = async () => {
    const willed = readWill();
    const left = ((await readSpool(willed)) ?? willed).filter(
      // This page may have spooled already.
      ({ tab_id, events }) => !(events[0].seq >= (firstSeqs[tab_id] as number)),
    );
    // What this page will answer for from here on, and not what others have left meanwhile.
    if (willed[0]) will.write(readWill().slice(willed.length));
    const settling = left.map((parcel) => new Promise<void>((settled) => waiting.push({ parcel, settled })));
    prune();
    pump();
    await Promise.all(settling);
    // The next page is not to find what is settled.
    return writeSpool();
  };
  // One page at a time, where pages may have locks. A page that is loaded ahead gets none before it is shown.
  void (navigator.locks?.request(`${name}`, inherit).catch(() => {}) ?? inherit());

  // The listeners of this moment have their say before the last batch is sent.
  const stopListening = onPageChange((change) =>
    queueMicrotask(() => {
      wake();
      if (change !== "leave") return;
      will.write([...readWill(), ...waiting.map(({ parcel }) => parcel)].slice(-MAX_WILLED));
      // There may be no next page. If there is one it sends this too, and it is stored once.
      if (!isResting()) waiting.some((item) => !item.request && !postLater(url, bodyOf(item), credentials()));
    }),
  );

  return [
    (event, view, sender, load) => {
      if (tab !== sender.tab_id) {
        tab = sender.tab_id;
        firstSeqs[tab] ??= event.seq;
        lost = [];
        open = undefined;
      }
      if (SHARED.some((what) => open?.parcel[what] !== sender[what])) open = undefined;
      if (open) pack(open.parcel, event, view);
      else {
        open = { parcel: newParcel(sender, event, view, lost) };
        waiting.push(open);
        lost = [];
        weight = 0;
        prune();
      }
      weight += load;
      spool(open.parcel, true);
      const isFull = open.parcel.events.length >= MAX_EVENTS || weight > MAX_LOAD;
      const isUrgent = isFull || (URGENT.test(event.type) && !waiting[1]);
      if (isFull) open = undefined;
      if (isUrgent) stopAging();
      if (isVisible()) startAging(isUrgent ? 0 : MAX_AGE_MS);
      else queueMicrotask(wake);
    },
    async () => {
      wake();
      const mine = [...waiting];
      for (const item of mine) if (!isResting()) await send(item);
      if (mine.some((item) => waiting.includes(item))) throw new Error(`${waiting.length} batches wait: ${trouble}`);
    },
    (forgets) => {
      stopListening();
      if (forgets) for (const item of waiting) settle(item);
      wake();
      stopResting();
      if (forgets) closeSpool();
    },
  ];
};
