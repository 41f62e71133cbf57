import type { Signal } from "../events/signal.ts";
import { createEngagementClock, type Engagement } from "../measures/engagement.ts";
import { now } from "../sensors/clock.ts";
import { isHeld, onHoldChange } from "../sensors/engagement-hold.ts";
import { onFocusChange } from "../sensors/focus.ts";
import { INPUT_INTERVAL_MS, onInput } from "../sensors/input.ts";
import { combineStops } from "../sensors/listen.ts";
import { isVisible, onPageChange } from "../sensors/page-state.ts";
import { createTimer } from "../sensors/timer.ts";

/** Options of {@link dwell}. */
export interface DwellOptions {
  /** How long an input counts as activity, in milliseconds. Default 5000 (Chartbeat's rule). */
  idleAfter?: number;
  /** How often totals are reported while the visitor is active, in milliseconds. Default 5000. It has no effect on what is counted. */
  reportEvery?: number;
}

/**
 * Dwell: how long each page view was visible, focused, active and engaged (all three at once), in total so far. Beginning
 * a view, getting the focus and every input count as activity for `idleAfter`; a {@link hold} counts while it lasts.
 * Reported every `reportEvery` while active, once when the visitor turns idle, and when the page is hidden or the view
 * ends; no timer runs while nothing happens.
 */
export const dwell =
  ({ idleAfter = 5000, reportEvery = 5000 }: DwellOptions = {}): Signal =>
  (context) => {
    const engagement = createEngagementClock(idleAfter);
    let reported: Engagement;

    const report = () => {
      timer.stop();
      const total = engagement.read(now());
      if (total === reported) return;
      context.capture("dwell", {
        ...total,
        engaged_delta_ms: total.engaged_ms - reported.engaged_ms,
        idle_after_ms: idleAfter,
        rule_version: 1,
      });
      reported = total;
    };

    const remind = () => {
      const rest = isHeld() ? reportEvery : engagement.activeUntil() - now();
      if (isVisible() && rest > 0) timer.start(Math.min(reportEvery, rest));
    };
    const timer = createTimer(() => {
      report();
      remind();
    });

    const input = (more?: number) => {
      engagement.noteInput(now(), more);
      if (!timer.isRunning()) remind();
    };

    /** Takes in what the page is like now. */
    const look = () => {
      engagement.setPresence(now(), { visible: isVisible(), focused: document.hasFocus(), held: isHeld() });
      remind();
    };

    const begin = () => {
      reported = engagement.reset(now());
      input();
    };

    look();
    begin();
    return combineStops(
      context.on("view", begin),
      context.on("report", report),
      // The last input of a pulse is not heard: it is taken to be in the middle.
      onInput((event) => event && input(INPUT_INTERVAL_MS / 2)),
      onHoldChange(look),
      onFocusChange((focused) => {
        look();
        if (focused) input();
      }),
      onPageChange((change) => {
        look();
        if (change === "visible") input();
      }),
      timer.stop,
    );
  };
