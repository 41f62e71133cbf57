import { setTimeout as sleep } from "node:timers/promises";
import type { Batch, Event, View } from "@tidemark/schema";
import { LONGEST_PAUSE_MS, visitor } from "../collector/visitor.ts";
import config from "./config.ts";
import { deliver, type Target } from "./deliver.ts";
import { SESSION_IDLE_MS } from "./workers/limits.ts";

/** A session, with the number of its events that the collector has acknowledged. */
export interface Visit {
  site: string;
  session_id: string;
  accepted: number;
  rejected: number;
}

/** Number of people of each site. Each has several sessions in a soak. */
const PEOPLE = 40;

/** The share of identified people. */
const IDENTIFIED = 0.5;

/** Largest numbers of a session's tabs, a tab's batches, and a batch's events. */
const MAX = { tabs: 3, batches: 20, events: 12 };

/** Time from one batch of a tab to the next, in milliseconds. */
const PAUSE_MS = { shortest: 50, longest: 1_000 };

/** Share of the batches before which the tab rests for so long that the session can close. */
const RESTING = 0.01;

/** Share of the batches that are held back until later ones of their tab have arrived. */
const HELD = 0.05;

/** Share of the batches with an event that the contract does not allow. */
const INVALID = 0.03;

/** Largest error of a tab's clock, in milliseconds. Half of the clocks have none. */
const CLOCK_ERROR_MS = 2 * 3_600_000;

const upTo = (most: number): number => 1 + Math.floor(Math.random() * most);

const newId = (): string => crypto.randomUUID().replaceAll("-", "").slice(0, 16);

let tabs = 0;

/** The fields of a tab's batches that stay the same. */
type Sender = Pick<Batch, "v" | "key" | "session_id" | "anonymous_id" | "user_id" | "tab_id" | "sdk">;

/** Generates the batches of a tab, each sent at the time of the call. */
function* batchesOf(sender: Sender): Generator<Batch> {
  const count = upTo(MAX.batches);
  const error = Math.random() < 0.5 ? 0 : Math.round((Math.random() - 0.5) * 2 * CLOCK_ERROR_MS);
  const now = () => Date.now() + error;
  tabs += 1;
  const visits = visitor(tabs, now() - count * MAX.events * LONGEST_PAUSE_MS);
  for (let number = 0; number < count; number += 1) {
    const next = Array.from({ length: upTo(MAX.events) }, () => visits.next().value);
    const events = next.map(({ event }) => event);
    const views = [...new Map<string, View>(next.map(({ view }) => [view.view_id, view])).values()];
    if (Math.random() < INVALID) events[0] = { ...events[0], type: "no_type" } as unknown as Event;
    yield { ...sender, sent_at: now(), views, events };
  }
}

const sendBatch = async (target: Target, visit: Visit, batch: Batch): Promise<void> => {
  const { accepted, duplicates, rejected } = await deliver(target, batch);
  const invalid = batch.events.filter(({ type }) => (type as string) === "no_type").length;
  if (accepted + duplicates + invalid !== batch.events.length || rejected.length !== invalid)
    throw new Error(`${batch.session_id}: ${JSON.stringify({ accepted, duplicates, rejected })}`);
  visit.accepted += accepted + duplicates;
  visit.rejected += invalid;
};

const runTab = async (target: Target, visit: Visit, sender: Sender): Promise<void> => {
  let held: Batch | undefined;
  for (const batch of batchesOf(sender)) {
    if (Math.random() < RESTING) await sleep(1.5 * SESSION_IDLE_MS);
    if (!held && Math.random() < HELD) held = batch;
    else await sendBatch(target, visit, batch);
    await sleep(PAUSE_MS.shortest + Math.random() * (PAUSE_MS.longest - PAUSE_MS.shortest));
    if (!held || Math.random() < 0.7) continue;
    await sendBatch(target, visit, held);
    held = undefined;
  }
  if (held) await sendBatch(target, visit, held);
};

/** Runs one session of one of the people of a site, in some tabs at the same time, until all is acknowledged. */
export const runVisit = async (target: Target, onBegin: (visit: Visit) => void): Promise<void> => {
  const { id: site, key } = config.sites[Math.floor(Math.random() * config.sites.length)] as (typeof config.sites)[0];
  const person = Math.floor(Math.random() * PEOPLE);
  const visit: Visit = { site, session_id: `${site}.${newId()}`, accepted: 0, rejected: 0 };
  onBegin(visit);
  const runTabs = Array.from({ length: upTo(MAX.tabs) }, () =>
    runTab(target, visit, {
      v: 1,
      key,
      session_id: visit.session_id,
      anonymous_id: `browser-${person}`,
      ...(person < PEOPLE * IDENTIFIED && { user_id: `user-${person}` }),
      tab_id: newId(),
      sdk: "soak/1",
    }),
  );
  await Promise.all(runTabs);
};
