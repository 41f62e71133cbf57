import type { FieldsOf } from "@tidemark/schema";
import type { Signal } from "../events/signal.ts";
import { guard } from "../guard.ts";
import { cut } from "../measures/bounds.ts";
import { Error, Map, Set } from "../platform.ts";
import { combineStops, listen } from "../sensors/listen.ts";
import { isVisible } from "../sensors/page-state.ts";
import { createTimer } from "../sensors/timer.ts";

/** Most combinations of kind and type in a page view. Further types are counted as `other`. */
const MAX_TYPES = 20;

/** Shortest time between two reports, in milliseconds. */
const REPORT_EVERY_MS = 1_000;

/**
 * Captures errors: the number of uncaught exceptions and unhandled rejections in each page view, in total so far, by
 * kind and type. The type is the name of the error's class. It is `unknown` for a value that is no `Error` and for an
 * error in a script of another origin, and `other` after 20 types in a page view.
 *
 * It reports each total at most once a second, and on flush, when the page is hidden and when the page view ends. An
 * error in a hidden page starts no timer. It never reports a message, a stack or a URL. A resource that fails to load
 * does not count.
 */
export const errors = (): Signal => (context) => {
  context.runs("errors");
  const totals = new Map<string, FieldsOf<"error">>();
  const unreported = new Set<FieldsOf<"error">>();

  // Guarded: an exception in here would be counted as an error of the page, again and again.
  const report = guard(() => {
    timer.stop();
    for (const total of unreported) {
      unreported.delete(total);
      context.capture("error", { ...total });
    }
  });

  const count = guard((event: ErrorEvent & PromiseRejectionEvent) => {
    if (event.target !== window) return;
    if (isVisible()) context.continueSession();
    const kind = event.type === "error" ? "error" : "rejection";
    const thrown: unknown = event.error ?? event.reason;
    let error_type = (thrown instanceof Error && cut(`${thrown.constructor?.name}`, 100)) || "unknown";
    if (totals.size >= MAX_TYPES && !totals.has(kind + error_type)) error_type = "other";
    const total = totals.get(kind + error_type) ?? { kind, error_type, error_count: 0 };
    total.error_count += 1;
    totals.set(kind + error_type, total);
    unreported.add(total);
    if (isVisible()) timer.start(REPORT_EVERY_MS);
  });

  const timer = createTimer(() => {
    context.continueSession();
    report();
  });

  context.on("view", () => {
    totals.clear();
    unreported.clear();
  });
  context.on("report", report);
  return combineStops(listen(window, "error unhandledrejection", count), timer.stop);
};
