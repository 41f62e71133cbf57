/**
 * The names of the platform that the SDK uses, taken once, when the SDK is loaded.
 *
 * A page can shadow a global name (`const URL = …`), replace it later, or use it as the id of an element. So the SDK
 * reads no globals but `window`, `document` and `location`, which a page cannot replace. A name is `undefined` where
 * the browser lacks it, and where the page has already given it a value of another type.
 */
const page = (typeof window === "undefined" ? globalThis : window) as typeof globalThis;

type Page = typeof globalThis;

const take = <K extends keyof Page>(name: K, type = "function"): Page[K] => {
  const value = page[name];
  return (typeof value === type ? value : undefined) as Page[K];
};

// The language. A bundler removes each name that a program does not use.
export const Array = /* @__PURE__ */ take("Array");
export const Boolean = /* @__PURE__ */ take("Boolean");
export const Date = /* @__PURE__ */ take("Date");
export const Error = /* @__PURE__ */ take("Error");
export const Intl = /* @__PURE__ */ take("Intl", "object");
export const JSON = /* @__PURE__ */ take("JSON", "object");
export const Map = /* @__PURE__ */ take("Map");
export const Math = /* @__PURE__ */ take("Math", "object");
export const Number = /* @__PURE__ */ take("Number");
export const Object = /* @__PURE__ */ take("Object");
export const Promise = /* @__PURE__ */ take("Promise");
export const Proxy = /* @__PURE__ */ take("Proxy");
export const Reflect = /* @__PURE__ */ take("Reflect", "object");
export const Set = /* @__PURE__ */ take("Set");
export const String = /* @__PURE__ */ take("String");
export const Symbol = /* @__PURE__ */ take("Symbol");
export const Uint8Array = /* @__PURE__ */ take("Uint8Array");
export const Uint32Array = /* @__PURE__ */ take("Uint32Array");
export const WeakMap = /* @__PURE__ */ take("WeakMap");
export const decodeURIComponent = /* @__PURE__ */ take("decodeURIComponent");
export const encodeURIComponent = /* @__PURE__ */ take("encodeURIComponent");

// The browser.
export const AbortController = /* @__PURE__ */ take("AbortController");
export const AbortSignal = /* @__PURE__ */ take("AbortSignal");
export const Blob = /* @__PURE__ */ take("Blob");
export const CompressionStream = /* @__PURE__ */ take("CompressionStream");
export const CustomEvent = /* @__PURE__ */ take("CustomEvent");
export const HTMLFormElement = /* @__PURE__ */ take("HTMLFormElement");
export const IDBKeyRange = /* @__PURE__ */ take("IDBKeyRange");
export const IntersectionObserver = /* @__PURE__ */ take("IntersectionObserver");
export const MutationObserver = /* @__PURE__ */ take("MutationObserver");
export const PerformanceEventTiming = /* @__PURE__ */ take("PerformanceEventTiming");
export const PerformanceObserver = /* @__PURE__ */ take("PerformanceObserver");
export const ResizeObserver = /* @__PURE__ */ take("ResizeObserver");
export const Response = /* @__PURE__ */ take("Response");
export const TextEncoder = /* @__PURE__ */ take("TextEncoder");
export const WebSocket = /* @__PURE__ */ take("WebSocket");
/** `webkitURL` is the same class in every browser, and a page that names a variable `URL` leaves it as it is. */
export const URL = /* @__PURE__ */ (() => take("webkitURL" as "URL") ?? take("URL"))();
export const cancelIdleCallback = /* @__PURE__ */ take("cancelIdleCallback");
export const clearTimeout = /* @__PURE__ */ take("clearTimeout");
const ownFetch = /* @__PURE__ */ take("fetch");
/** Programs that record or answer requests may replace `fetch` later by another function: that one is called. */
export const fetch: Page["fetch"] = (...request) => (take("fetch") ?? ownFetch)(...request);
/** Not yet in the types of the browser. */
export const fetchLater = /* @__PURE__ */ take("fetchLater" as "fetch");
export const getComputedStyle = /* @__PURE__ */ take("getComputedStyle");
export const getSelection = /* @__PURE__ */ take("getSelection");
export const isFinite = /* @__PURE__ */ take("isFinite");
export const matchMedia = /* @__PURE__ */ take("matchMedia");
export const queueMicrotask = /* @__PURE__ */ take("queueMicrotask");
export const requestAnimationFrame = /* @__PURE__ */ take("requestAnimationFrame");
export const requestIdleCallback = /* @__PURE__ */ take("requestIdleCallback");
export const setTimeout = /* @__PURE__ */ take("setTimeout");

export const console = /* @__PURE__ */ take("console", "object");
export const crypto = /* @__PURE__ */ take("crypto", "object");
export const history = /* @__PURE__ */ take("history", "object");
export const navigator = /* @__PURE__ */ take("navigator", "object");
/** The origin of the page, also in a frame without a URL of its own. */
export const origin = /* @__PURE__ */ take("origin", "string");
export const performance = /* @__PURE__ */ take("performance", "object");
export const screen = /* @__PURE__ */ take("screen", "object");

/** Looks up the global object of zone.js (https://angular.dev/api/core/NgZone). */
const lookUpZone = () => {
  type Zone = { __symbol__?(name: string): string; root: { run<R>(run: () => R): R } };
  const zone = take("Zone" as "Object") as unknown as Zone | undefined;
  // Another class with this name has no `__symbol__`.
  return zone?.__symbol__ && zone;
};

const zoneAtLoad = /* @__PURE__ */ lookUpZone();

/**
 * The global object of zone.js, if the page has it now.
 *
 * The look-up of a global name that a page does not have also searches its elements and frames. That is too slow for
 * each event. While the page has the timers and promises that it had when the SDK was loaded, it has loaded no zone.js
 * since: zone.js replaces both.
 */
const findZone = () => (page.setTimeout === setTimeout && page.Promise === Promise ? zoneAtLoad : lookUpZone());

/**
 * Runs a function outside of all zones of zone.js. Angular updates the page after each task that begins in its zone: a
 * timer, a promise, a request. A task belongs to the zone in which it was created. So each call of the SDK that may
 * create one runs here.
 */
export const outsideZone = <A extends unknown[], R>(run: (...args: A) => R, ...args: A): R => {
  const zone = findZone();
  return zone ? zone.root.run(() => run(...args)) : run(...args);
};

/**
 * The name of the platform's own method on an object where zone.js has replaced it by one of its own. The replacement
 * of `addEventListener` records each listener, and so it adds none again that `document.open()` has removed.
 */
export const unpatched = <N extends string>(target: object, name: N): N => {
  const own = findZone()?.__symbol__?.(name);
  return own && own in target ? (own as N) : name;
};

/** Takes an object of one class. An element with the object's name as its id has another class. */
const takeOf = <T>(name: string, className: string): T | undefined => {
  const type = take(className as "EventTarget");
  const value: unknown = page[name as keyof Page];
  return type && value instanceof type ? (value as T) : undefined;
};

/** The Navigation API (https://developer.mozilla.org/docs/Web/API/Navigation_API). */
export const navigation = /* @__PURE__ */ takeOf<EventTarget>("navigation", "Navigation");

/** Trusted Types (https://www.w3.org/TR/trusted-types/). */
export const trustedTypes = /* @__PURE__ */ takeOf<{
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string };
}>("trustedTypes", "TrustedTypePolicyFactory");

/** Temporal (https://tc39.es/proposal-temporal): an object without a class. */
export const Temporal = /* @__PURE__ */ take("Temporal" as "Intl", "object") as
  | { Now?: { timeZoneId?(): string } }
  | undefined;
