/** Numbers of new sessions and of accepted events. */
export interface Usage {
  sessions: number;
  events: number;
}

/** The usage of a site on one day. */
export interface DailyUsage extends Usage {
  /** The day in UTC, such as `2026-11-29`. */
  day: string;
}

/** Shares of a cap, in percent, at which operators are alerted. */
const ALERTS = [80, 100];

/** A share of a cap that the usage of a day has reached. */
export interface ReachedShare {
  cap: keyof Usage;
  percent: number;
}

/** Adds usage to that of the same day. Of different days the later one stays. */
export const addUsage = (stored: DailyUsage | undefined, more: DailyUsage): DailyUsage => {
  if (!stored || stored.day < more.day) return more;
  if (stored.day > more.day) return stored;
  return { day: more.day, sessions: stored.sessions + more.sessions, events: stored.events + more.events };
};

/** Lists the shares of the caps that the usage of a day has reached since an earlier one. */
export const reachedShares = (
  earlier: DailyUsage | undefined,
  usage: DailyUsage,
  caps: Partial<Usage>,
): ReachedShare[] => {
  const reached: ReachedShare[] = [];
  for (const cap of ["sessions", "events"] as const)
    for (const percent of ALERTS) {
      const limit = ((caps[cap] ?? Number.POSITIVE_INFINITY) * percent) / 100;
      const before = earlier?.day === usage.day ? earlier[cap] : 0;
      if (before < limit && usage[cap] >= limit) reached.push({ cap, percent });
    }
  return reached;
};
