import { SESSION_IDLE_MS, SESSION_MAX_MS } from "@tidemark/schema/limits";
import { mint } from "./mint.ts";
import { type Slot, slot } from "./storage.ts";

/** Who is visiting, in which session. */
export interface Visitor {
  anonymous_id: string;
  user_id?: string | undefined;
  session_id: string;
}

/** A visitor and the session: what is kept. */
export interface Visit {
  visitor: Visitor;
  /** When the session began and when it last had an event, in UTC milliseconds. */
  started_at: number;
  seen_at: number;
}

/** Gives the place where a visit is kept under a name. */
export type VisitStore = (name: string) => Slot<Visit>;

/** How old the shared note of the last event may be, in milliseconds; far below the idle limit, far above one write an event. */
const NOTE_EVERY_MS = 5_000;

const isLive = (visit: Visit | null | undefined, time: number): visit is Visit =>
  !!visit && time - visit.seen_at <= SESSION_IDLE_MS && time - visit.started_at <= SESSION_MAX_MS;

/** Knows the visitor and keeps the session, shared by the tabs of the origin. */
export type VisitorKeeper = [
  /** The visitor at this moment, which counts as activity: a session that is over gives way to a new one. */
  visitorAt: (time: number) => Visitor,
  /** From now on the session belongs to this user, or to nobody known. */
  identify: (userId: string | undefined) => void,
  /** Ends the session; from now on the visitor is another, unless it `isSame`. */
  forget: (isSame?: boolean) => void,
];

/**
 * Keeps the visitor in localStorage, or in memory where that is forbidden. A tab that was idle asks the storage before it
 * begins a session, so it never splits one that other tabs kept alive. A minted session id names its site, as the key does.
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
  const store = (name && storeIn?.(name)) || slot<Visit>("localStorage", name);
  let visit = store.read();

  return [
    (time) => {
      if (!isLive(visit, time)) visit = store.read() ?? visit;
      if (!isLive(visit, time)) {
        const session_id = `${key.split("_")[1]}.${mint()}`;
        visit = {
          visitor: { anonymous_id: mint(), ...(visit as Visit | undefined)?.visitor, session_id },
          started_at: time,
          seen_at: 0,
        };
      }
      if (time - visit.seen_at > NOTE_EVERY_MS) {
        visit.seen_at = time;
        store.write(visit);
      }
      return given ? { ...visit.visitor, session_id: given } : visit.visitor;
    },
    (userId) => {
      if (!visit) return;
      visit.visitor = { ...visit.visitor, user_id: userId };
      store.write(visit);
    },
    (isSame) => {
      visit = isSame && visit ? { ...visit, started_at: 0 } : undefined;
      store.write(visit);
    },
  ];
};
