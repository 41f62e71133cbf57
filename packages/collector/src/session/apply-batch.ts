import type { Event, Rejection } from "@tidemark/schema";
import { eventContextsOf, type StoredEnvelope } from "../records/event-contexts.ts";
import type { Tenant } from "../tenants.ts";
import { validateEvents } from "../wire/validate-events.ts";
import { createActivityLog } from "./activity-log.ts";
import type { BatchResult, SessionBatch } from "./batch.ts";
import { createFold } from "./fold.ts";
import { type ReachedGoal, reachGoals } from "./goals.ts";
import { countLate } from "./late.ts";
import { type Accepted, recordEvents } from "./record.ts";
import type { StoredSession } from "./row.ts";
import { seqOf, sortBySeq } from "./sequence.ts";
import { createCorrection } from "./tab/clock.ts";
import { acknowledged, countMissing, drop, MAX_MISSING, newTab, receive, reject, type Tab } from "./tab/tab.ts";

/** Maximum number of tabs of one session. */
const MAX_TABS = 256;

/** The tab of a batch; `undefined` when the session already has {@link MAX_TABS} other tabs. */
const tabOf = ({ tabs }: StoredSession, tabId: string): Tab | undefined => {
  const existing = tabs.get(tabId);
  if (existing || tabs.size >= MAX_TABS) return existing;
  const tab = newTab();
  tabs.set(tabId, tab);
  return tab;
};

const tooManyTabs = (index: number): Rejection => {
  const message = `the session has ${MAX_TABS} tabs already; start a new session`;
  return { index, code: "too_many_tabs", path: "", message };
};

const tooManyGaps = (index: number): Rejection => {
  const message = "seq: the numbers of the session have too many gaps; start a new session";
  return { index, code: "too_many_gaps", path: "seq", message };
};

const tooManyMissing = (index: number, seq: number): Rejection => {
  const message = `seq: more than ${MAX_MISSING} numbers before ${seq} never arrived; number the events of a tab from 0`;
  return { index, code: "too_many_missing", path: "seq", message };
};

const inOrder = (rejected: Rejection[]): Rejection[] => rejected.sort((a, b) => a.index - b.index);

/** Records rejected and dropped events in the tab. Returns the number of newly reported dropped events by reason. */
const recordRejectedAndDropped = (
  tab: Tab,
  tabs: Iterable<Tab>,
  { dropped = [] }: StoredEnvelope,
  events: unknown[],
  rejected: readonly Rejection[],
): BatchResult["dropped"] => {
  for (const { index } of rejected) {
    const seq = seqOf(events[index]);
    if (seq !== undefined) reject(tab, seq, tabs);
  }
  const newlyDropped: BatchResult["dropped"] = {};
  for (const range of dropped) newlyDropped[range.reason] = (newlyDropped[range.reason] ?? 0) + drop(tab, range, tabs);
  return newlyDropped;
};

/**
 * Applies a batch to a session's state: accepts, deduplicates or rejects each event. Each event is accepted at most once
 * under any repetition, reordering, overlap or splitting of batches. The features leave out an accepted event that is too
 * late.
 */
export const applyBatch = (
  stored: StoredSession,
  batch: SessionBatch,
  envelope: StoredEnvelope,
  events: unknown[],
  tenant: Tenant,
): BatchResult => {
  const { definitions, log } = tenant;
  const { consent, tab_id, sent_at, views } = envelope;
  const { valid, rejected } = validateEvents({ events, views, consent, sent_at });
  const tab = tabOf(stored, tab_id);
  if (!tab) {
    const all = inOrder([...rejected, ...valid.map(tooManyTabs)]);
    const response = { accepted: 0, duplicates: 0, rejected: all, tab: { acknowledged: [] } };
    return { response, dropped: {}, missing_change: 0, not_fed: {}, has_begun: false };
  }

  const tabs = [...stored.tabs.values()];
  const isNew = stored.engine.event_time === null;
  const missing = countMissing(tab);
  const dropped = recordRejectedAndDropped(tab, tabs, envelope, events, rejected);
  const contextOf = eventContextsOf(envelope, batch.anonymous_id);
  const correct = createCorrection(tab.clock, sent_at, batch.received_at);
  const { fold, notFed } = createFold(stored, definitions);
  const activity = createActivityLog(stored, consent);
  const accepted: Accepted = { events: [], times: [], user_id: undefined };
  const lateCount = countLate(batch.received_at);
  const reached: ReachedGoal[] = [];
  let duplicates = 0;
  for (const index of sortBySeq(events, valid)) {
    const event = events[index] as Event;
    const outcome = receive(tab, event.seq, tabs);
    if (outcome === "duplicate") {
      duplicates += 1;
    } else if (outcome === "full") {
      rejected.push(tooManyGaps(index));
    } else if (outcome === "too_high") {
      rejected.push(tooManyMissing(index, event.seq));
    } else {
      const context = contextOf(event, correct(event.seq, event.time));
      accepted.events.push(event);
      accepted.times.push(context.time);
      lateCount.add(event.time, context.time);
      accepted.user_id = context.user_id;
      const counted = fold(event, context);
      if (!counted) continue;
      activity.add(event, context);
      reached.push(...reachGoals(stored, tenant, counted, context));
      stored.latest_received_at = Math.max(stored.latest_received_at ?? batch.received_at, batch.received_at);
      stored.closed = false;
    }
  }
  activity.finish();
  const late = lateCount.byCause(tab.clock.timeline);
  if (log) recordEvents(stored, batch, envelope, events, accepted);
  const response = {
    accepted: accepted.events.length,
    duplicates,
    rejected: inOrder(rejected),
    tab: { acknowledged: acknowledged(tab) },
  };
  return {
    response,
    dropped,
    missing_change: countMissing(tab) - missing,
    not_fed: notFed,
    ...(late && { late }),
    ...(reached.length > 0 && { reached }),
    has_begun: isNew && accepted.events.length > 0,
  };
};
