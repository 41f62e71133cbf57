import type { Signal } from "../events/signal.ts";
import { whole } from "../measures/bounds.ts";
import { createEngagementClock, type Engagement } from "../measures/engagement.ts";
import { Math } from "../platform.ts";
import { now } from "../sensors/clock.ts";
import { isHeld, onHoldChange } from "../sensors/engagement-hold.ts";
import { onFocusChange } from "../sensors/focus.ts";
import { INPUT_INTERVAL_MS, onInput } from "../sensors/input.ts";
import { combineStops } from "../sensors/listen.ts";
import { call } from "../sensors/members.ts";
import { isVisible, onPageChange } from "../sensors/page-state.ts";
import { onScroll } from "../sensors/scrolling.ts";
import { createTimer } from "../sensors/timer.ts";

/** Options of {@link dwell}. */
export interface DwellOptions {
  /** Time for which an input counts as activity, in milliseconds. Default 5000 (Chartbeat's rule). */
  idleAfter?: number;
  /** Time between reports while the visitor is active, in milliseconds. Default 5000. It does not affect the totals. */
  reportEvery?: number;
}

/**
 * Captures dwell time: for how long each page view was visible, focused, active and engaged (all three at once), in
 * total so far. The start of a page view, getting the focus, being shown and every input of the visitor count as
 * activity for `idleAfter`. Events and scrolls by script do not. A {@link hold} counts as activity while it lasts.
 *
 * It reports every `reportEvery` while the visitor is active, once when the visitor turns idle, and when the page is
 * hidden or the page view ends. No timer runs while the visitor is idle.
 */
export const dwell =
  ({ idleAfter: given = 5000, reportEvery = 5000 }: DwellOptions = {}): Signal =>
  (context) => {
    context.runs("dwell");
    const idleAfter = whole(given);
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

    const scheduleReport = () => {
      const remaining = isHeld() ? reportEvery : engagement.activeUntil() - now();
      if (isVisible() && remaining > 0) timer.start(Math.min(reportEvery, remaining));
    };
    const timer = createTimer(() => {
      context.continueSession();
      report();
      scheduleReport();
    });

    const noteInput = (more?: number) => {
      context.continueSession();
      engagement.noteInput(now(), more);
      if (!timer.isRunning()) scheduleReport();
    };

    const updatePresence = () => {
      engagement.setPresence(now(), { visible: isVisible(), focused: call(document, "hasFocus"), held: isHeld() });
      scheduleReport();
    };

    const startView = () => {
      reported = engagement.reset(now());
      noteInput();
    };

    updatePresence();
    startView();
    return combineStops(
      context.on("view", startView),
      context.on("report", report),
      // The last input of an interval is not observed. The middle of the interval stands for it.
      onInput(() => noteInput(INPUT_INTERVAL_MS / 2)),
      onScroll(({ isByVisitor }) => isByVisitor && noteInput()),
      onHoldChange(updatePresence),
      onFocusChange((focused) => {
        updatePresence();
        if (focused) noteInput();
      }),
      onPageChange((change) => {
        updatePresence();
        if (change === "visible") noteInput();
      }),
      timer.stop,
    );
  };
