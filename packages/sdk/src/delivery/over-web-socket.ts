import type { Listen } from "../events/tracker-events.ts";
import { guard } from "../guard.ts";
import { toJson } from "../json.ts";
import { encodeURIComponent, JSON, WebSocket } from "../platform.ts";
import { combineStops, type Stop } from "../sensors/listen.ts";
import { isVisible, onPageChange } from "../sensors/page-state.ts";
import { createTimer } from "../sensors/timer.ts";
import { backoff } from "./backoff.ts";

/** The part of a session's vector to follow: a feature set of the site, or some features. Default: all features. */
export interface FollowedPart<Name extends string = string> {
  /** Name of a set for its highest version, or name and version: `purchase_intent:2`. */
  set?: string;
  /** Names of features. */
  features?: readonly Name[];
}

/** The part with which the page follows the session's reactions, and no features. */
interface FollowedReactions {
  reactions?: 1;
}

/** The state of a tracker, as far as its session can be followed by it. */
interface FollowedState {
  connection?: { secretOf(sessionId: string): string | undefined; flush(): Promise<void> } | undefined;
  /** The events that wait for the visitor's consent, if it is pending. */
  held?: unknown;
  visitor?: { session_id: string } | undefined;
}

/**
 * Follows a tracker's session: see {@link Tracker.follow}. With the part `reactions` it receives the session's reactions
 * instead of features. It never throws.
 *
 * @param url Base URL of the collector's routes, with a `/` at its end.
 * @param stops The functions that the tracker calls when it stops.
 */
export type Follow = (
  state: FollowedState,
  key: string,
  url: string,
  on: Listen,
  stops: Stop[],
  listener: (received: never) => void,
  part?: FollowedPart & FollowedReactions,
) => Stop;

/** Interval of pings, in milliseconds. A connection without a message since the last ping is replaced. */
const PING_MS = 45_000;

/**
 * Highest ceiling of the waits between attempts before the first message, in milliseconds. A collector of an earlier release
 * rejects each attempt.
 */
const UNPROVEN_CAP_MS = 600_000;

/** Close codes of the collector for a session that it does not have, and for other rejections of the page. */
const NOT_FOUND = 4404;
const isRejection = (code: number): boolean => code >= 4400 && code < 4500;

/**
 * Follows the session by a WebSocket while the page is visible; for the option `follow` of {@link createTracker}.
 *
 * A connection that ends is replaced, after a wait that grows with the failures in a row. If the collector rejects the
 * page, the next attempt follows the next batch that it acknowledges: a session begins with a batch, and a batch carries
 * the consent.
 */
export const overWebSocket: Follow = (state, key, url, on, stops, listener, part = {}) => {
  const notify = guard(listener) as (received: unknown) => void;
  const content = part.reactions ? "reactions" : "features";
  let socket: WebSocket | undefined;
  let sessionId: string | undefined;
  let failures = 0;
  let cap: number | undefined = UNPROVEN_CAP_MS;
  let isAlive = true;
  let isStopped = false;
  let hasFlushed = false;

  const disconnect = () => {
    const left = socket;
    socket = undefined;
    pings.stop();
    retries.stop();
    left?.close();
  };

  /** Connects after a wait, unless the page is connected, waits already, or is hidden. */
  const retry = () => {
    if (!socket && !isStopped && isVisible()) retries.start(failures && backoff(failures, 0, cap));
  };

  const end = (code: number) => {
    disconnect();
    failures += 1;
    if (!isRejection(code)) retry();
    else if (code === NOT_FOUND && !hasFlushed) {
      hasFlushed = true;
      state.connection?.flush().catch(() => {});
    }
  };

  /** The secret of the current session, while the visitor allows its use. */
  const currentSecret = (): string | undefined => {
    const { connection, held, visitor } = state;
    return held ? undefined : connection?.secretOf(visitor?.session_id ?? "");
  };

  const connect = () => {
    sessionId = state.visitor?.session_id;
    const session_secret = currentSecret();
    if (!session_secret || !WebSocket) return;
    const query = [
      ["key", key],
      ...["set", "features", "reactions"].map((name) => [name, part[name as keyof typeof part]]),
    ]
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}=${encodeURIComponent(`${value}`)}`);
    const opened = new WebSocket(`${url.replace(/^http/, "ws")}follow/${sessionId}?${query.join("&")}`);
    socket = opened;
    const during = <T>(react: (value: T) => void) => guard((value: T) => opened === socket && react(value));
    opened.onopen = during(() => {
      opened.send(toJson({ session_secret }));
      isAlive = true;
      pings.start(PING_MS);
    });
    opened.onmessage = during(({ data }: MessageEvent) => {
      isAlive = true;
      failures = 0;
      cap = undefined;
      if (sessionId !== state.visitor?.session_id || !currentSecret()) changeSession();
      else if (data !== "pong") notify(JSON.parse(data)[content]);
    });
    opened.onclose = during(({ code }: CloseEvent) => end(code));
  };

  const changeSession = () => {
    disconnect();
    failures = 0;
    retry();
  };

  const pings = createTimer(() => {
    if (!isAlive) return end(0);
    isAlive = false;
    socket?.send("ping");
    pings.start(PING_MS);
  });
  const retries = createTimer(connect);

  const stop = combineStops(
    on("acknowledged", () => (sessionId === state.visitor?.session_id ? retry() : changeSession())),
    onPageChange((change) => {
      if (!isVisible()) disconnect();
      else if (change !== "restore") retry();
    }),
    () => {
      isStopped = true;
      disconnect();
    },
  );
  stops.unshift(stop);
  retry();
  return stop;
};
