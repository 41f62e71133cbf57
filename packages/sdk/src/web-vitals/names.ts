import { guard } from "../guard.ts";
import * as platform from "../platform.ts";
import { listen, type Stop } from "../sensors/listen.ts";
import { read } from "../sensors/members.ts";

/*
 * The global names that web-vitals reads, with values that a page cannot replace. `library.ts` imports all of them. An
 * exception in a function that the library passes to one of them becomes a warning.
 */

export {
  clearTimeout,
  Date,
  isFinite,
  Map,
  Math,
  Object,
  PerformanceEventTiming,
  PerformanceObserver,
  performance,
  Set,
  WeakMap,
} from "../platform.ts";

type Task = () => void;

const guarded =
  <A extends unknown[], R>(run: (task: Task, ...more: A) => R) =>
  (task: Task, ...more: A): R =>
    run(guard(task), ...more);

export const queueMicrotask = guarded(platform.queueMicrotask);
export const requestAnimationFrame = guarded(platform.requestAnimationFrame);
export const setTimeout = guarded(platform.setTimeout as (task: Task, ms?: number) => number);

/** The names that not every browser has, which the library reads as properties. */
export const globalThis = {
  cancelIdleCallback: platform.cancelIdleCallback,
  PerformanceEventTiming: platform.PerformanceEventTiming,
  performance: platform.performance,
  requestIdleCallback: platform.requestIdleCallback && guarded(platform.requestIdleCallback),
};

type Listener = (event: Event) => void;

/** Functions that remove a listener from the window, by the type of its events. */
const stops = new platform.WeakMap<Listener, Record<string, Stop>>();

export const removeEventListener = (type: string, listener: Listener): void => stops.get(listener)?.[type]?.();

/** Adds a listener to the window, in the capture phase, as the library always does. */
export const addEventListener = (type: string, listener: Listener, { once }: AddEventListenerOptions): void => {
  const stop = listen(window, type, (event) => {
    if (once) stop();
    listener(event);
  });
  stops.set(listener, { ...stops.get(listener), [type]: stop });
};

/** The document, with its own properties where the page has images with their names. */
export const document = new platform.Proxy({}, { get: (_, name) => read(window.document, name as "visibilityState") });
