import { Math } from "../platform.ts";

/** Four totals of time in which the visitor had the page, in milliseconds. No single one of them is sufficient. */
export interface Engagement {
  /** Time in which the page was visible. */
  visible_ms: number;
  /** Time in which the page was visible and the window had the focus. */
  focused_ms: number;
  /** Time in which the page was visible, and the last input was recent by the idle rule or a hold was active. */
  active_ms: number;
  /** Time in which the page was visible, focused and active at once. */
  engaged_ms: number;
}

/** The state of a page at a moment. */
export interface Presence {
  visible: boolean;
  focused: boolean;
  /** Whether a hold is active: the visitor counts as active without input. */
  held: boolean;
}

/** Computes the four totals of a page from its presence and its input. Pure: times are arguments. */
export interface EngagementClock {
  /** Sets the page's presence from time `at` on. */
  setPresence(at: number, presence: Presence): void;
  /** Adds an input at time `at`, or up to `more` milliseconds later. */
  noteInput(at: number, more?: number): void;
  /** Returns the totals up to time `at`. */
  read(at: number): Engagement;
  /** Resets the totals at time `at`, and keeps the presence and the last input. Returns the zero totals. */
  reset(at: number): Engagement;
  /** Returns the time until which the last input counts as activity. */
  activeUntil(): number;
}

const ZERO: Engagement = { visible_ms: 0, focused_ms: 0, active_ms: 0, engaged_ms: 0 };

/** Longest time between two calls that counts, in milliseconds. In a longer one the machine was asleep. */
const MAX_STEP_MS = 30 * 60 * 1000;

/**
 * Creates an engagement clock with Chartbeat's rule: an input keeps the visitor active for `idleAfter` milliseconds,
 * and the times of several inputs overlap instead of adding up. Times are in milliseconds of any one clock; a time
 * before that of the last call adds nothing.
 */
export const createEngagementClock = (idleAfter: number): EngagementClock => {
  let at = 0;
  let presence: Partial<Presence> = {};
  let activeUntil = 0;
  let totals = ZERO;

  const advance = (to: number) => {
    const step = Math.min(to - at, MAX_STEP_MS);
    if (step <= 0) return;
    if (presence.visible) {
      totals = { ...totals };
      const active = presence.held ? step : Math.max(0, Math.min(step, activeUntil - at));
      totals.visible_ms += step;
      totals.active_ms += active;
      if (presence.focused) {
        totals.focused_ms += step;
        totals.engaged_ms += active;
      }
    }
    at = to;
  };

  return {
    setPresence(time, next) {
      advance(time);
      presence = next;
    },
    noteInput(time, more = 0) {
      advance(time);
      activeUntil = Math.max(activeUntil, time + idleAfter + more);
    },
    read(time) {
      advance(time);
      return totals;
    },
    reset(time) {
      advance(time);
      totals = ZERO;
      return totals;
    },
    activeUntil: () => activeUntil,
  };
};
