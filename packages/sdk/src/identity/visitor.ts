import { SESSION_IDLE_MS, SESSION_MAX_MS } from "@tidemark/schema/limits";
import { now } from "../sensors/clock.ts";
import { type StoredValue, storedValue } from "../storage/web-storage.ts";
import { createId } from "./create-id.ts";

/** Who is visiting, in which session. */
export interface Visitor {
  anonymous_id: string;
  user_id?: string | undefined;
  session_id: string;
}

/** A visitor and the session: what is kept. */
export interface StoredIdentity {
  /** Nobody, after a log-out and before the next event. */
  visitor?: Visitor;
  /** When the session began and when it last had an event, in UTC milliseconds. */
  started_at: number;
  seen_at: number;
}

/** Gives the place where a visit is kept under a name. */
export type IdentityStore = (name: string) => StoredValue<StoredIdentity>;

/** How long a tab goes by what it knows of the visit, in milliseconds; far below the idle limit, far above one look an event. */
const LOOK_EVERY_MS = 5_000;

/** Knows the visitor and keeps the session, shared by the tabs of the origin. */
export interface Identity {
  /** The visitor at this moment, which counts as activity: a session that is over gives way to a new one. */
  visitorAt(time: number): Visitor;
  /** From now on the session belongs to this user, or to nobody known. */
  identify(userId: string | undefined): void;
  /** Ends the session; from now on the visitor is another, unless it `isSame`. */
  forget(isSame?: boolean): void;
}

/**
 * Keeps the visitor in localStorage, or in memory where that is forbidden. A tab that was silent for a moment looks there before it says
 * who is visiting: so it neither splits a session that other tabs kept alive, nor goes on with a visitor who has logged in or out in
 * another. A minted session id names its site, as the key does.
 *
 * @param name Where it is stored, if anything may be.
 * @param given The caller's own session id: it never ends.
 */
export const createIdentity = (
  key: string,
  name: string | false,
  given?: string,
  storeIn?: IdentityStore,
): Identity => {
  const store = (name && storeIn?.(name)) || storedValue<StoredIdentity>("localStorage", name);
  let identity = { seen_at: 0 } as StoredIdentity;

  /** Reads what other tabs have stored. A visit older than the one known here could not be written. */
  const refresh = () => {
    const kept = store.read();
    if ((kept?.seen_at as number) >= identity.seen_at) identity = kept as StoredIdentity;
  };
  const keep = (known: Omit<StoredIdentity, "seen_at">) => {
    identity = known as StoredIdentity;
    identity.seen_at = now();
    store.write(identity);
  };

  return {
    visitorAt(time) {
      /** Whether the session lasts when nothing was heard for so long. */
      const lasts = (silence: number) =>
        time - identity.seen_at <= silence && time - identity.started_at <= SESSION_MAX_MS;
      if (!lasts(LOOK_EVERY_MS)) {
        refresh();
        keep(
          lasts(SESSION_IDLE_MS)
            ? identity
            : {
                visitor: {
                  anonymous_id: createId(),
                  ...identity.visitor,
                  session_id: `${key.split("_")[1]}.${createId()}`,
                },
                started_at: time,
              },
        );
      }
      return (given ? { ...identity.visitor, session_id: given } : identity.visitor) as Visitor;
    },
    identify(userId) {
      refresh();
      keep({ ...identity, visitor: { ...(identity.visitor as Visitor), user_id: userId } });
    },
    forget: (isSame) => keep({ ...(isSame && identity), started_at: 0 }),
  };
};
