import { CLIENT_ID, SESSION_ID, USER_ID } from "@tidemark/schema/keys";
import { SESSION_IDLE_MS, SESSION_MAX_MS } from "@tidemark/schema/limits";
import { cut } from "../measures/bounds.ts";
import { Date, Math, Object } from "../platform.ts";
import { now } from "../sensors/clock.ts";
import { attemptEach, type StoredValue, storedValue } from "../storage/web-storage.ts";
import { warnOnce } from "../warn-once.ts";
import { createId } from "./create-id.ts";

/** A visitor in a session. */
export interface Visitor {
  anonymous_id: string;
  user_id?: string | undefined;
  /** The token with which the site's server vouches for `user_id`. */
  user_token?: string | undefined;
  session_id: string;
}

/** The stored form of a visitor and the session. */
export interface StoredIdentity {
  /** The visitor; absent after a logout until the next event. */
  visitor?: Visitor;
  /** The secret of the session, 128 random bits, with which its browser reads the session's features. */
  session_secret?: string;
  /** Start of the session, in UTC milliseconds. */
  started_at: number;
  /** Time of the latest activity, in UTC milliseconds. */
  active_at: number;
  /** Whether the visitor has denied personalisation in this session. */
  denies_personalisation?: boolean;
}

/** The changes of other pages to the identity. */
interface IdentityChanges {
  /** The visitor that this page knew. */
  before: Visitor | undefined;
  /** The visitor now; `undefined` after a logout. */
  after: Visitor | undefined;
  /** Whether the stored identity was deleted. */
  isDeleted: boolean;
  /** Whether personalisation was denied. */
  isDenied: boolean;
}

/** Returns the storage of an identity by its storage key. */
export type IdentityStore = (name: string) => StoredValue<StoredIdentity>;

const PATTERNS = { anonymous_id: CLIENT_ID, session_id: SESSION_ID, user_id: USER_ID, user_token: USER_ID };

/** The valid fields of a stored identity: any script of the origin can write to the storage. A session needs both ids. */
const validated = ({ visitor, ...others }: StoredIdentity): StoredIdentity => {
  const valid = Object.fromEntries(
    Object.entries(PATTERNS).flatMap(([field, pattern]) => {
      const id: unknown = visitor?.[field as keyof Visitor];
      return typeof id === "string" && pattern.test(id) ? [[field, cut(id, 200)]] : [];
    }),
  ) as unknown as Visitor;
  return {
    ...others,
    ...(visitor && { visitor: valid }),
    ...(!(valid.anonymous_id && valid.session_id) && { started_at: 0 }),
  };
};

/** How long a tab uses its own copy of the identity, in milliseconds: far less than the idle limit, far more than one read per event. */
const REFRESH_EVERY_MS = 5_000;

/** The identity of the visitor and the session, shared by the tabs of the origin. */
export interface Identity {
  /** The visitor at a time. The call counts as activity, and replaces a session that has ended by a new one. */
  visitorAt(time: number): Visitor;
  /**
   * The id of the session in which an event at a time would be; `undefined` if the event would begin another session.
   * The call does not count as activity.
   */
  sessionAt(time: number): string | undefined;
  /** The secret of a session; `undefined` unless it is the known one. */
  secretOf(sessionId: string | undefined): string | undefined;
  /** Whether this page has begun a session. It returns `true` once for each. */
  takeBegun(sessionId: string): boolean;
  /** Reads the changes of other pages now. The call does not count as activity. */
  refresh(): IdentityChanges;
  /** Links the session to a user from now on; `undefined` removes the link, because the visitor `denies` it or for another reason. */
  identify(user: Pick<Visitor, "user_id" | "user_token"> | undefined, denies?: boolean): void;
  /** Ends the session. The next session belongs to a new visitor, unless it `keepsVisitor`. */
  forget(keepsVisitor?: boolean): void;
}

/**
 * Creates the identity, stored in localStorage, or in memory if the browser forbids storage.
 *
 * A tab that was idle for a moment reads the storage before it returns a visitor. So it does not split a session that other tabs
 * continue. A session id from the SDK contains the site's id, as the
 * key does.
 *
 * @param name The storage key; `false` stores nothing on the device.
 * @param fixedSessionId A session id from the caller. Such a session never ends. An invalid one is ignored, with a warning.
 * @param identityStore The storage to use instead of localStorage.
 */
export const createIdentity = (
  key: string,
  name: string | false,
  fixedSessionId?: string,
  identityStore?: IdentityStore,
): Identity => {
  const storage: StoredValue<StoredIdentity> =
    name && identityStore
      ? attemptEach({ read: () => identityStore(name).read(), write: (value) => identityStore(name).write(value) })
      : storedValue("localStorage", name);
  const hasSessionId = typeof fixedSessionId === "string" && SESSION_ID.test(fixedSessionId);
  if (fixedSessionId !== undefined && !hasSessionId)
    warnOnce("sessionId: ignored, expected 8 to 64 letters, digits, _ or -, got", fixedSessionId);
  let identity = { active_at: 0 } as StoredIdentity;
  /** Whether the storage had the known identity at the latest access. */
  let isStored = false;
  /** Whether this page has begun the known session, until that is taken. */
  let hasBegun = false;
  /** How far the times of other pages are ahead of the clocks of this page, in milliseconds. */
  let ahead = 0;

  /**
   * The time by which sessions end, at a time of the page's clock. The page's clock may stand still while the machine
   * sleeps, and the wall clock may be set back, so the later of both counts. It is not before a time that another page
   * has stored.
   */
  const sessionTime = (time: number) => Math.max(time, Date.now()) + ahead;

  /** The stored identity. One that is older than the known one is ignored if the latest write has failed. */
  const readStored = () => {
    const stored = storage.read();
    // Any script of the origin can write to the storage. An object in place of a time would throw in each calculation.
    if (typeof stored?.active_at !== "number" || typeof stored.started_at !== "number") return;
    if (!(isStored || stored.active_at >= identity.active_at)) return;
    const behind = stored.active_at - sessionTime(now());
    // Clocks that differ by more than a day say nothing about each other.
    if (behind > 0 && behind <= SESSION_MAX_MS) ahead += behind;
    return validated(stored);
  };
  /** Reads the changes of other pages. */
  const read = () => {
    const stored = readStored();
    if (stored) {
      identity = stored;
      isStored = true;
    }
    return stored;
  };
  const save = (changed: Omit<StoredIdentity, "active_at">) => {
    identity = { ...changed, active_at: sessionTime(now()) };
    storage.write(identity);
    isStored = storage.read()?.active_at === identity.active_at;
  };
  const known = () => identity.visitor && { ...identity.visitor, ...(hasSessionId && { session_id: fixedSessionId }) };
  /** Whether the session of an identity continues at a time, after at most so many milliseconds without activity. */
  const continues = ({ visitor, active_at, started_at }: StoredIdentity, time: number, maxIdleMs: number) => {
    const at = sessionTime(time);
    return visitor && Math.abs(at - active_at) <= maxIdleMs && at - started_at <= SESSION_MAX_MS;
  };

  return {
    visitorAt(time) {
      if (!continues(identity, time, REFRESH_EVERY_MS)) {
        read();
        const isContinued = continues(identity, time, SESSION_IDLE_MS);
        if (!isContinued) hasBegun = true;
        save(
          isContinued
            ? identity
            : {
                visitor: {
                  anonymous_id: createId(),
                  ...identity.visitor,
                  session_id: `${key.split("_")[1]}.${createId()}`,
                },
                // A session that never ends keeps its secret.
                session_secret: (hasSessionId && identity.session_secret) || createId(4),
                started_at: sessionTime(time),
              },
        );
      }
      return known() as Visitor;
    },
    sessionAt(time) {
      if (hasSessionId) return known()?.session_id;
      // The page does not take over the changes of other pages here: `refresh` reports them.
      const latest = continues(identity, time, REFRESH_EVERY_MS) ? identity : (readStored() ?? identity);
      return continues(latest, time, SESSION_IDLE_MS) ? latest.visitor?.session_id : undefined;
    },
    secretOf: (sessionId) => (sessionId === known()?.session_id ? identity.session_secret : undefined),
    takeBegun(sessionId) {
      const isBegun = hasBegun && sessionId === known()?.session_id;
      if (isBegun) hasBegun = false;
      return isBegun;
    },
    refresh() {
      const { denies_personalisation } = identity;
      const before = known();
      const isDeleted = isStored && !read();
      if (isDeleted) {
        identity = { active_at: 0 } as StoredIdentity;
        isStored = false;
      }
      return {
        before,
        after: known(),
        isDeleted,
        isDenied: !denies_personalisation && !!identity.denies_personalisation,
      };
    },
    identify({ user_id, user_token } = {}, denies = false) {
      read();
      save({
        ...identity,
        visitor: { ...(identity.visitor as Visitor), user_id, user_token },
        denies_personalisation: denies,
      });
    },
    forget: (keepsVisitor) => save({ ...(keepsVisitor && identity), started_at: 0 }),
  };
};
