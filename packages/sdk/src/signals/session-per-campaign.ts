import type { Signal } from "../events/signal.ts";
import { performance } from "../platform.ts";

/**
 * Starts a new session for each campaign: for each load by a link or address with `utm_*` parameters. A reload and a
 * return through the session history start none.
 *
 * List it in the tracker's `signals` before {@link pageViews}, so that the campaign's first view is in the new session.
 * It does nothing if the visitor's consent is still pending when the page is loaded.
 */
export const sessionPerCampaign: Signal = ({ newSession }) => {
  const [load] = (performance?.getEntriesByType("navigation") ?? []) as PerformanceNavigationTiming[];
  if (load?.type === "navigate" && /[?&]utm_/.test(location.search)) newSession();
  return () => {};
};
