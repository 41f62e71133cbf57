/** How long a page has been with the visitor, in milliseconds. Four numbers, because no one of them tells it all. */
export interface Engagement {
  visible_ms: number;
  /** Visible, and the window had the focus. */
  focused_ms: number;
  /** Visible, and the last input was no longer ago than the idle rule allows, or somebody held the page. */
  active_ms: number;
  /** Visible, focused and active at once. */
  engaged_ms: number;
}

/** What a page is like at a moment. */
export interface Presence {
  visible: boolean;
  focused: boolean;
  /** Whether the visitor counts as active without input. */
  held: boolean;
}

/** Keeps the four totals of a page from its presence and inputs. Pure: every time is an argument, none is read. */
export interface EngagementClock {
  /** Sets the page's presence from `at` on. */
  setPresence(at: number, presence: Presence): void;
  /** Notes an input at `at`, or up to `more` milliseconds later. */
  noteInput(at: number, more?: number): void;
  /** The totals up to `at`. */
  read(at: number): Engagement;
  /** Starts the totals from zero at `at`; the presence stays. Returns the zero totals. */
  reset(at: number): Engagement;
  /** The time until which the last input counts as activity. */
  activeUntil(): number;
}

const NONE: Engagement = { visible_ms: 0, focused_ms: 0, active_ms: 0, engaged_ms: 0 };

/** Longest stretch without any news that is believed, in milliseconds: more than that, and the machine slept. */
const MAX_STRETCH_MS = 30 * 60 * 1000;

/**
 * An engagement clock with Chartbeat's rule: an input keeps the visitor active for `idleAfter` milliseconds, never summed.
 * Times are in milliseconds of any one clock; a time before the last one told adds nothing.
 */
export const createEngagementClock = (idleAfter: number): EngagementClock => {
  let at = 0;
  let presence: Partial<Presence> = {};
  let activeUntil = 0;
  let totals = NONE;

  const advance = (to: number) => {
    const stretch = Math.min(to - at, MAX_STRETCH_MS);
    if (stretch <= 0) return;
    if (presence.visible) {
      totals = { ...totals };
      const active = presence.held ? stretch : Math.max(0, Math.min(stretch, activeUntil - at));
      totals.visible_ms += stretch;
      totals.active_ms += active;
      if (presence.focused) {
        totals.focused_ms += stretch;
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
      totals = NONE;
      return totals;
    },
    activeUntil: () => activeUntil,
  };
};
