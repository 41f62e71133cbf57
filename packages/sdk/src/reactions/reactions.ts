import type { Batch, FieldsOf } from "@tidemark/schema";
import { MAX_ACTION_NAME, MAX_REACTION_IDS } from "@tidemark/schema/limits";
import type { Collector } from "../delivery/collector.ts";
import type { Follow } from "../delivery/over-web-socket.ts";
import type { QueuedBatch } from "../events/queued-batch.ts";
import type { Reaction } from "../events/reaction.ts";
import type { Emit, Listen } from "../events/tracker-events.ts";
import { guard } from "../guard.ts";
import { createId } from "../identity/create-id.ts";
import { cut } from "../measures/bounds.ts";
import { Date, Map, Math, Object, Set } from "../platform.ts";
import { now } from "../sensors/clock.ts";
import { combineStops, listen, type Stop } from "../sensors/listen.ts";
import { isVisible, onPageChange } from "../sensors/page-state.ts";
import { createTimer } from "../sensors/timer.ts";
import { reactionsName } from "../storage/reactions-name.ts";
import { type Item, itemsOf } from "./items.ts";
import { createNotes, type Note, STEP_MS } from "./notes.ts";

/** The state of a tracker, as far as reactions need it. */
interface ReactingState {
  connection?:
    | {
        secretOf(sessionId: string): string | undefined;
        sessionAt(time: number): string | undefined;
        flush(): Promise<void>;
      }
    | undefined;
  /** The events that wait for the visitor's consent, if it is pending. */
  held?: unknown;
  visitor?: { session_id: string } | undefined;
  purposes: { measurement: string; personalisation: string };
}

/** The events that a reaction captures. */
type ReactionEvent = "reaction_shown" | "reaction_dismissed" | "reaction_acted";

/** The fields of a request about reactions. */
type ReactionFields = Pick<Batch, "reactions_received" | "reactions_unknown">;

/** The methods of a tracker that reactions extend. */
interface ReactingTracker {
  on: Listen;
  consent(answer: never): void;
}

/**
 * Adds reactions to a tracker; {@link reactions} is one. It extends methods of `collector` and `tracker`, so that a program
 * without it has no code for reactions.
 *
 * @param url Base URL of the collector's routes, with a `/` at its end.
 * @param stops The functions that the tracker calls when it stops.
 */
export type Reactions = (
  state: ReactingState,
  key: string,
  url: string,
  on: Listen,
  stops: Stop[],
  options: { cookieless?: boolean; follow?: Follow },
  collector: Collector,
  tracker: ReactingTracker,
  emit: Emit,
  capture: <T extends ReactionEvent>(type: T, fields: FieldsOf<T>) => void,
) => void;

/**
 * Time between a page's claim of a reaction and the call of its listeners, in milliseconds. A page in another process sees
 * a change of localStorage a moment later. If this takes less than half of the time, one of the pages that claim a reaction
 * wins: the last one.
 */
const SETTLE_MS = 50;

/** Most reactions that wait for a listener. */
const MAX_WAITING = 32;

/** A reaction that waits for a listener. */
interface Waiting extends Item {
  session_id: string;
  /** Time at which it expires, in UTC milliseconds. */
  until: number;
}

/** The time by which reactions expire. The page's clock may stand still while the machine sleeps. */
const timeNow = () => Math.max(now(), Date.now());

/**
 * Passes the site's reactions to the page's listeners for `reaction`; for the option `reactions` of {@link createTracker}.
 *
 * A reaction arrives in the response to a batch, and again until the collector knows that a page has received it. Each
 * reaction is passed on once, in one of the site's visible pages, which notes its id in localStorage first. It waits for a
 * listener until it expires.
 */
export const reactions: Reactions = (state, key, url, on, stops, options, collector, tracker, emit, capture) => {
  const { cookieless, follow } = options;
  const { consent } = tracker;
  const { post, postLater, omitCookie, forgetCookie } = collector;
  const name = !cookieless && `tidemark.${key}`;
  const page = createId();
  const notes = createNotes(name, page);
  const waiting = new Map<string, Waiting>();
  /** The reactions that this page has passed on, and that are not over, by id. */
  const current = new Map<string, Reaction>();
  /** The listeners for `reaction`. */
  const listeners = new Set<object>();
  let isStopped = false;
  /** Whether the collector has rejected the fields about reactions: an older one does not know them. */
  let isUnknown = false;
  let stopFollowing: Stop | undefined;

  const isCurrent = (sessionId: string): boolean => {
    const { connection, held, purposes } = state;
    return (
      !held &&
      purposes.personalisation === "granted" &&
      connection?.sessionAt(now()) === sessionId &&
      !!connection.secretOf(sessionId)
    );
  };

  const newReaction = ({ id, name, payload, until, session_id }: Waiting): Reaction => {
    const captureOnce = (type: ReactionEvent, fields?: object) => {
      let isCaptured = false;
      return guard(() => {
        if (isCaptured || isStopped || !isCurrent(session_id)) return;
        isCaptured = true;
        capture(type, { reaction: name, reaction_id: id, ...fields } as FieldsOf<ReactionEvent>);
      });
    };
    const dismiss = captureOnce("reaction_dismissed");
    const reaction: Reaction = {
      id,
      name,
      payload,
      expiresInMs: Math.max(0, until - timeNow()),
      shown: captureOnce("reaction_shown"),
      dismissed() {
        dismiss();
        finish(reaction);
      },
      acted: (action) =>
        captureOnce(
          "reaction_acted",
          typeof action === "string" && action ? { action: cut(action, MAX_ACTION_NAME) } : {},
        )(),
    };
    return reaction;
  };

  /** Ends a reaction in this page, unless it is over already. */
  const finish = (reaction: Reaction) => {
    if (current.delete(reaction.id)) emit("reaction_end", reaction);
  };

  /** Notes a reaction, calls the listeners, and confirms it. This is one task: no other page comes in between. */
  const run = (item: Waiting) => {
    const { id, session_id, until } = item;
    waiting.delete(id);
    const time = timeNow();
    notes.put({ id, session_id, page, until, step: "noted" }, time);
    const reaction = newReaction(item);
    current.set(id, reaction);
    emit("reaction", reaction);
    // There is no note any more if a listener has logged the visitor out.
    notes.change([id], { step: "received" }, timeNow());
  };

  const canRun = ({ id, until, session_id }: Waiting) => {
    if (timeNow() >= until || !isSession(session_id)) waiting.delete(id);
    return !isStopped && isVisible() && !!listeners.size && waiting.has(id) && isCurrent(session_id);
  };
  const isSession = (sessionId: string) => state.connection?.sessionAt(now()) === sessionId;

  /** The ids that this page has claimed, and that wait for {@link SETTLE_MS}. */
  const claims = new Set<string>();

  const attempt = (item: Waiting) => {
    const { id, session_id, until } = item;
    if (claims.has(id) || !canRun(item)) return;
    const time = timeNow();
    const other = notes.read(time).find((note) => note.id === id && note.page !== page);
    if (other?.step === "claimed") return retries.start(STEP_MS + SETTLE_MS);
    if (other) return waiting.delete(id);
    if (!notes.put({ id, session_id, page, until, step: "claimed" }, time)) return;
    // Where the browser stores nothing, no other page receives the reactions of this page's session.
    if (!notes.isClaimed(id)) return run(item);
    claims.add(id);
    return settling.start(SETTLE_MS);
  };
  /** Runs the next claimed reaction, unless the page has written since: it may have overwritten the claims of others. */
  const settling = createTimer(() => {
    const left = notes.writtenAt() + SETTLE_MS - timeNow();
    if (left > 0) return settling.start(left);
    for (const id of claims) {
      claims.delete(id);
      const item = waiting.get(id);
      if (!item || !notes.isClaimed(id) || !canRun(item)) continue;
      if (claims.size) settling.start(SETTLE_MS);
      return run(item);
    }
  });
  const attemptAll = () => {
    for (const item of [...waiting.values()]) attempt(item);
  };
  const attempts = createTimer(attemptAll);
  const retries = createTimer(attemptAll);

  const receive = (session_id: string, given: unknown) => {
    const time = timeNow();
    const known = new Map(notes.read(time).map((note) => [note.id, note]));
    const items = itemsOf(given);
    // The collector does not know of these any more.
    const forgotten = items.flatMap(({ id }) => (known.get(id)?.isAcknowledged ? id : []));
    notes.change(forgotten, { isAcknowledged: false }, time);
    for (const item of items) {
      const { step = "claimed" } = known.get(item.id) ?? {};
      if (step !== "claimed" || waiting.has(item.id) || waiting.size >= MAX_WAITING) continue;
      waiting.set(item.id, { ...item, session_id, until: time + item.expiresInMs });
    }
    if (waiting.size) attempts.start();
  };

  const followIf = (isFollowing: boolean) => {
    if (isFollowing === !!stopFollowing) return;
    stopFollowing?.();
    stopFollowing = isFollowing
      ? follow?.call?.(null, state, key, url, on, [], (items) => receive(state.visitor?.session_id ?? "", items), {
          reactions: 1,
        })
      : undefined;
  };

  /** Forgets all reactions, and the notes about other sessions than the present one, unless the visitor `hasDenied`. */
  const end = (hasDenied = false) => {
    waiting.clear();
    followIf(false);
    notes.clear((sessionId) => !hasDenied && isCurrent(sessionId));
    for (const reaction of [...current.values()]) finish(reaction);
  };

  const look = () => {
    if (Object.values(state.purposes).includes("denied")) end(true);
    attempts.start();
  };

  /** The fields of the next request with a batch; none for a batch that can receive no reactions. */
  const fieldsOf = ({ session_id }: QueuedBatch): ReactionFields => {
    if (isUnknown || !isCurrent(session_id)) return {};
    const unreported = notes.read(timeNow()).filter((note) => note.session_id === session_id && !note.isAcknowledged);
    const idsAt = (step: Note["step"]) =>
      unreported.flatMap((note) => (note.step === step ? note.id : [])).slice(0, MAX_REACTION_IDS);
    const unknown = idsAt("unknown");
    return { reactions_received: idsAt("received"), ...(unknown.length && { reactions_unknown: unknown }) };
  };

  collector.post = async (batch, isCancelled) => {
    const fields = fieldsOf(batch);
    const outcome = await post({ ...fields, ...batch }, isCancelled);
    const { response, error } = outcome;
    if (fields.reactions_received && /^reactions_/.test(`${error?.message}`)) {
      isUnknown = true;
      return post(batch, isCancelled);
    }
    guard(() => {
      if (!response || !fields.reactions_received || isStopped) return;
      const reported = [...fields.reactions_received, ...(fields.reactions_unknown ?? [])];
      notes.change(reported, { isAcknowledged: true }, timeNow());
      if (!isCurrent(batch.session_id)) return;
      receive(batch.session_id, response.reactions);
      followIf(response.follow_reactions === true);
    })();
    return outcome;
  };
  collector.postLater = (batch) => postLater({ ...fieldsOf(batch), ...batch });
  // The visitor has logged out, in this page or another one, or has refused.
  collector.omitCookie = () => combineStops(omitCookie, end)();
  collector.forgetCookie = () => combineStops(forgetCookie, end)();
  tracker.consent = (answer) => combineStops(() => consent(answer), look)();
  tracker.on = (type, listener) => {
    const remove = on(type, listener);
    if (type !== "reaction") return remove;
    const added = {};
    listeners.add(added);
    attempts.start();
    return () => {
      listeners.delete(added);
      remove();
    };
  };
  stops.unshift(
    combineStops(
      onPageChange(look),
      // A refusal on another page changes the state first, because the tracker was the first to listen.
      listen<StorageEvent>(window, "storage", ({ key: changed, newValue }) => {
        look();
        if (name && changed === reactionsName(name) && newValue) notes.repair(timeNow());
      }),
      () => {
        isStopped = true;
        attempts.stop();
        retries.stop();
        settling.stop();
        followIf(false);
      },
    ),
  );
};
