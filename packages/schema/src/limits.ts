/**
 * Limits and periods that the browser and the collector share. Plain constants: importing this entry adds no other code
 * to a bundle.
 */

/** Version of the wire contract: the field `v` of a batch. */
export const CONTRACT_VERSION = 1;

/** Largest request body in bytes: applies to the body as received and, again, to the inflated body. */
export const MAX_BODY_BYTES = 512 * 1024;

/** Largest number of events in one batch. */
export const MAX_BATCH_EVENTS = 500;

/** Highest sequence number of an event in its tab. No real tab reaches it, and sums of such numbers stay exact. */
export const MAX_SEQ = 1_000_000_000;

/**
 * Largest age of an event at the time at which its batch is sent, in milliseconds: 8 days. The SDK sends events for 7
 * days.
 */
export const MAX_EVENT_AGE_MS = 8 * 24 * 60 * 60 * 1000;

/**
 * Time after a session's latest event for which the collector keeps the session's state, in milliseconds: 9 days. It is
 * longer than {@link MAX_EVENT_AGE_MS}, so that no copy of an event arrives when its number is forgotten.
 */
export const SESSION_KEPT_MS = 9 * 24 * 60 * 60 * 1000;

/** Longest duration in an event, in milliseconds: 366 days, longer than any page is open. */
export const MAX_DURATION_MS = 366 * 24 * 60 * 60 * 1000;

/** Largest number of ranges of acknowledged sequence numbers in the response to a batch. */
export const MAX_ACKNOWLEDGED_RANGES = 16;

/** Largest number of page views that one batch describes. */
export const MAX_BATCH_VIEWS = 100;

/** A visitor's answer for one purpose: yes, no answer yet, no. */
export type ConsentState = "granted" | "pending" | "denied";

/** Every {@link ConsentState}. */
export const CONSENT_STATES = ["granted", "pending", "denied"] as const satisfies ConsentState[];

/** The kinds of traffic that is not visitors': automated tests, and the site's own people. */
export const TRAFFIC = ["test", "internal"] as const;

/** Lifetime of the visitor's cookie in seconds: 400 days, the longest that browsers allow (RFC 6265bis). */
export const COOKIE_MAX_AGE_S = 34_560_000;

/** Largest `properties` or `traits` object, in bytes of JSON. */
export const MAX_PROPERTIES_BYTES = 8 * 1024;

/** Deepest nesting of `properties` or `traits`: the object itself is level 1. */
export const MAX_PROPERTIES_DEPTH = 5;

/** Longest name of a custom event, in characters. */
export const MAX_EVENT_NAME = 100;

/** Longest name of a reaction, in characters. */
export const MAX_REACTION_NAME = 64;

/** Longest name of a visitor's action in answer to a reaction, in characters. */
export const MAX_ACTION_NAME = 100;

/** Largest number of ids in each list of reactions of a batch. */
export const MAX_REACTION_IDS = 32;

/** Largest number of reactions in one response. */
export const MAX_REACTIONS = 8;

/** Longest name of a goal, in characters. Names of its features add up to 32. */
export const MAX_GOAL_NAME = 30;

/** Longest name of a property or trait, in characters. */
export const MAX_PROPERTY_NAME = 100;

/** Largest number of names in the `dropped_properties` of an event. */
export const MAX_DROPPED_PROPERTIES = 20;

/**
 * A session ends after this many milliseconds without an event (GA4, PostHog, Snowplow and Plausible agree on 30 min).
 */
export const SESSION_IDLE_MS = 30 * 60 * 1000;

/** Longest session in milliseconds, even with constant activity. */
export const SESSION_MAX_MS = 24 * 60 * 60 * 1000;

/** Largest number of vectors in one bulk read. */
export const MAX_BULK_READS = 500;

/** Largest number of predictions in one request. */
export const MAX_BULK_PREDICTIONS = 200;

/** Deadline of a bulk read without one, in milliseconds. */
export const DEFAULT_DEADLINE_MS = 250;

/** Latest deadline of a bulk read, in milliseconds. */
export const MAX_DEADLINE_MS = 10_000;
