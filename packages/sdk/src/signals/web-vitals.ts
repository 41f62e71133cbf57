import { type Metric, onCLS, onFCP, onINP, onLCP, onTTFB } from "web-vitals";
import type { Signal } from "../events/signal.ts";
import { whenVisible } from "../sensors/page-state.ts";

type Hear = (metric: Metric) => void;

const hearers = new Set<Hear>();
const latest = new Map<string, Metric>();
let started = false;

/** Starts web-vitals, once for all trackers of the page: it cannot be told to stop. */
const start = () => {
  if (started) return;
  started = true;
  for (const on of [onCLS, onFCP, onINP, onLCP, onTTFB])
    on((metric) => {
      latest.set(metric.name, metric);
      for (const hear of hearers) hear(metric);
    });
};

/**
 * Web vitals: LCP, INP, CLS, FCP and TTFB of the page as the web-vitals library defines and rates them, each when the
 * library states it: TTFB once the page has loaded, FCP when it has happened, LCP with the first click or key or when the
 * page is hidden, INP and CLS when it is hidden, again each time they have changed. Milliseconds; CLS has no unit.
 *
 * Statements about one measurement share `metric_id`: the latest counts. Vitals are the page's, not a route's: each belongs
 * to the view in which it was stated. A restore from the back-forward cache is measured anew, in its own view. A tracker
 * that begins late is told what is known; a page that was never seen has no vitals; an engine that lacks a metric is silent
 * about it. After a stop nothing is reported, though the library's own listeners stay.
 */
export const webVitals = (): Signal => (context) => {
  const hear: Hear = ({ name, id, value, delta, rating, navigationType }) =>
    context.capture("web_vital", {
      metric: name,
      metric_id: id,
      value,
      // INP is a high percentile: after many interactions it can get less.
      delta: Math.max(0, delta),
      rating,
      navigation_type: navigationType,
    });
  start();
  const stop = whenVisible(() => {
    for (const metric of latest.values()) hear(metric);
    hearers.add(hear);
  });
  return () => {
    stop();
    hearers.delete(hear);
  };
};
