import type { Signal } from "../events/signal.ts";

/**
 * Begins a session with each campaign: with a load by a link or address that has `utm_*` parameters. A reload or a way back
 * begins none. It is named among the tracker's signals, before {@link pageViews}, so that the campaign's first view is in the new
 * session; where the visitor's consent is still pending when the page is loaded it does nothing.
 */
export const sessionPerCampaign: Signal = ({ newSession }) => {
  const [load] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  if (load?.type === "navigate" && /[?&]utm_/.test(location.search)) newSession();
  return () => {};
};
