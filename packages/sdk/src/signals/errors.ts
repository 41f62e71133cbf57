import type { FieldsOf } from "@tidemark/schema";
import type { Signal } from "../events/signal.ts";
import { guard } from "../guard.ts";
import { combineStops, listen } from "../sensors/listen.ts";
import { isVisible } from "../sensors/page-state.ts";
import { createTimer } from "../sensors/timer.ts";

/** Different kinds and types that are told apart in a view; the rest are of the type `other`. */
const MAX_TYPES = 20;

/** Shortest time between two reports, in milliseconds. */
const REPORT_EVERY_MS = 1_000;

/**
 * Errors: how many uncaught exceptions and unhandled rejections each page view has had, in total so far, by kind and type.
 * The type is the name of the error's class, `unknown` for what is no error or comes from a script of another origin; after
 * 20 of them in a view, `other`. Each is reported at most once a second, and when a report is asked for, the page is hidden
 * or the view ends; an error while the page is hidden starts no timer. Never a message, a stack or a URL. A resource that
 * cannot be loaded is no error here.
 */
export const errors = (): Signal => (context) => {
  const totals = new Map<string, FieldsOf<"error">>();
  const news = new Set<FieldsOf<"error">>();

  // What fails in here becomes a warning, and so no error to report again.
  const report = guard(() => {
    timer.stop();
    for (const total of news) {
      news.delete(total);
      context.capture("error", { ...total });
    }
  });

  const count = guard((event: ErrorEvent & PromiseRejectionEvent) => {
    if (event.target !== window) return;
    const kind = event.type === "error" ? "error" : "rejection";
    const thrown: unknown = event.error ?? event.reason;
    let error_type = (thrown instanceof Error && `${thrown.constructor.name}`.slice(0, 100)) || "unknown";
    if (totals.size >= MAX_TYPES && !totals.has(kind + error_type)) error_type = "other";
    const total = totals.get(kind + error_type) ?? { kind, error_type, error_count: 0 };
    total.error_count += 1;
    totals.set(kind + error_type, total);
    news.add(total);
    if (isVisible()) timer.start(REPORT_EVERY_MS);
  });

  const timer = createTimer(report);

  context.on("view", () => totals.clear());
  context.on("report", report);
  return combineStops(listen(window, "error unhandledrejection", count), timer.stop);
};
