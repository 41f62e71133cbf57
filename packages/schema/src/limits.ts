/**
 * Bounds and periods that browser and collector must agree on, defined once. Plain constants: importing this entry
 * adds no other code to a bundle.
 */

/** Version of the wire contract that a batch names in `v`. */
export const CONTRACT_VERSION = 1;

/** Largest request body in bytes, as received and again after inflating. */
export const MAX_BODY_BYTES = 512 * 1024;

/** Most events in one batch. */
export const MAX_BATCH_EVENTS = 500;

/** Highest number of an event in its tab: no tab comes near, and sums of such numbers stay exact. */
export const MAX_SEQ = 1_000_000_000;

/** Most page views that one batch describes. */
export const MAX_BATCH_VIEWS = 100;

/** A visitor's answer to one purpose: yes, none yet, no. */
export type ConsentState = "granted" | "pending" | "denied";

/** All answers that there are. */
export const CONSENT_STATES = ["granted", "pending", "denied"] as const satisfies ConsentState[];

/** How long a visitor's cookie lives, in seconds: 400 days, the longest that browsers allow (RFC 6265bis). */
export const COOKIE_MAX_AGE_S = 34_560_000;

/** Largest `properties` or `traits` object, in bytes of JSON. */
export const MAX_PROPERTIES_BYTES = 8 * 1024;

/** Deepest nesting of `properties` or `traits`: the object itself is level 1. */
export const MAX_PROPERTIES_DEPTH = 5;

/** A session ends after this many milliseconds without an event (GA4, PostHog, Snowplow and Plausible agree on 30 min). */
export const SESSION_IDLE_MS = 30 * 60 * 1000;

/** A session ends at this age in milliseconds, however busy it is. */
export const SESSION_MAX_MS = 24 * 60 * 60 * 1000;
