import { SESSION_IDLE_MS, SESSION_MAX_MS } from "@tidemark/schema/limits";
import { now } from "../sensors/clock.ts";
import { type StoredValue, storedValue } from "../storage/web-storage.ts";
import { mint } from "./mint.ts";

/** Who is visiting, in which session. */
export interface Visitor {
  anonymous_id: string;
  user_id?: string | undefined;
  session_id: string;
}

/** A visitor and the session: what is kept. */
export interface Visit {
  /** Nobody, after a log-out and before the next event. */
  visitor?: Visitor;
  /** When the session began and when it last had an event, in UTC milliseconds. */
  started_at: number;
  seen_at: number;
}

/** Gives the place where a visit is kept under a name. */
export type VisitStore = (name: string) => StoredValue<Visit>;

/** How long a tab goes by what it knows of the visit, in milliseconds; far below the idle limit, far above one look an event. */
const LOOK_EVERY_MS = 5_000;

/** Knows the visitor and keeps the session, shared by the tabs of the origin. */
export interface VisitorKeeper {
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
export const createVisitorKeeper = (
  key: string,
  name: string | false,
  given?: string,
  storeIn?: VisitStore,
): VisitorKeeper => {
  const store = (name && storeIn?.(name)) || storedValue<Visit>("localStorage", name);
  let visit = { seen_at: 0 } as Visit;

  /** Reads what other tabs have stored. A visit older than the one known here could not be written. */
  const refresh = () => {
    const kept = store.read();
    if ((kept?.seen_at as number) >= visit.seen_at) visit = kept as Visit;
  };
  const keep = (known: Omit<Visit, "seen_at">) => {
    visit = known as Visit;
    visit.seen_at = now();
    store.write(visit);
  };

  return {
    visitorAt(time) {
      /** Whether the session lasts when nothing was heard for so long. */
      const lasts = (silence: number) => time - visit.seen_at <= silence && time - visit.started_at <= SESSION_MAX_MS;
      if (!lasts(LOOK_EVERY_MS)) {
        refresh();
        keep(
          lasts(SESSION_IDLE_MS)
            ? visit
            : {
                visitor: { anonymous_id: mint(), ...visit.visitor, session_id: `${key.split("_")[1]}.${mint()}` },
                started_at: time,
              },
        );
      }
      return (given ? { ...visit.visitor, session_id: given } : visit.visitor) as Visitor;
    },
    identify(userId) {
      refresh();
      keep({ ...visit, visitor: { ...(visit.visitor as Visitor), user_id: userId } });
    },
    forget: (isSame) => keep({ ...(isSame && visit), started_at: 0 }),
  };
};
