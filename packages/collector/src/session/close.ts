import { SESSION_IDLE_MS } from "@tidemark/schema/limits";
import type { Tenant } from "../tenants.ts";
import { recordVector } from "./record.ts";
import type { StoredSession } from "./row.ts";
import { countDelivery } from "./tab/tab.ts";

/** The time at which a session counts as idle, in UTC milliseconds; `null` before the first event that counts. */
export const idleAt = ({ latest_received_at }: Pick<StoredSession, "latest_received_at">): number | null =>
  latest_received_at === null ? null : latest_received_at + SESSION_IDLE_MS;

/** Closes an idle session and stores its final vector, which is valid until another event counts. */
export const close = (stored: StoredSession, { definitions: { session, version }, log }: Tenant, now: number): void => {
  const { event_time, late, too_late } = stored.engine;
  stored.closed = true;
  stored.final = {
    version: (stored.final?.version ?? 0) + 1,
    closed_at: now,
    definition_version: version,
    event_time: event_time ?? now,
    features: session.vector(stored.engine, event_time ?? now),
    late,
    too_late,
    consent: stored.consent,
    delivery: countDelivery(stored.tabs.values()),
  };
  if (log) recordVector(stored);
};
