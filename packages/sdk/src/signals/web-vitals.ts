import type { Metric } from "web-vitals";
import type { Signal } from "../events/signal.ts";
import { bounded } from "../measures/bounds.ts";
import { Error, isFinite, Map, Object, performance, queueMicrotask, requestAnimationFrame, Set } from "../platform.ts";
import { whenVisible } from "../sensors/page-state.ts";
import { onCLS, onFCP, onINP, onLCP, onTTFB } from "../web-vitals/library.ts";

type Listener = (metric: Metric) => void;

const listeners = /* @__PURE__ */ new Set<Listener>();
const latest = /* @__PURE__ */ new Map<string, Metric>();
let started = false;

/** Names without which web-vitals fails, in part while it runs. */
const needed = { isFinite, performance, queueMicrotask, requestAnimationFrame };

/**
 * Starts web-vitals, once for all trackers of the page: the library cannot be stopped.
 *
 * @throws Error, the first time, where the page has replaced a name that the library needs.
 */
const start = () => {
  if (started) return;
  started = true;
  const replaced = Object.keys(needed).filter((name) => !needed[name as keyof typeof needed]);
  if (replaced.length) throw new Error(`webVitals() measures nothing: the page has replaced ${replaced}`);
  for (const on of [onCLS, onFCP, onINP, onLCP, onTTFB])
    on((metric: Metric) => {
      latest.set(metric.name, metric);
      for (const listener of listeners) listener(metric);
    });
};

/**
 * Captures web vitals: LCP, INP, CLS, FCP and TTFB of the page, as the web-vitals library defines and rates them. The
 * unit is milliseconds; CLS has none. Each is captured when the library reports it:
 *
 * - TTFB: once the page has loaded;
 * - FCP: when it happens;
 * - LCP: at the first click or key, or when the page is hidden;
 * - INP and CLS: each time the page is hidden, if they have changed.
 *
 * Events of one measurement share a `metric_id`; the latest counts. Vitals belong to the page, not to a route: each is
 * in the page view in which the library reported it. A restore from the back-forward cache is a new measurement, in its
 * own page view.
 *
 * A tracker that starts late captures the latest values. A page that was never visible has no vitals, and neither has a
 * metric that the browser does not support. After a stop nothing is captured, though the library's own listeners
 * remain.
 */
export const webVitals = (): Signal => (context) => {
  context.runs("webVitals");
  const report: Listener = ({ name, id, value, delta, rating, navigationType }) =>
    context.capture("web_vital", {
      metric: name,
      metric_id: id,
      value: bounded(value),
      // INP is a high percentile: it can decrease after many interactions.
      delta: bounded(delta),
      rating,
      navigation_type: navigationType,
    });
  start();
  const stop = whenVisible(() => {
    for (const metric of latest.values()) report(metric);
    listeners.add(report);
  });
  return () => {
    stop();
    listeners.delete(report);
  };
};
