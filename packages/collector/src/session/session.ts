import { DurableObject } from "cloudflare:workers";
import type { Dropped, FeatureEvent, Rejection, VectorAnswer } from "@tidemark/schema";
import type { Engine, EngineState } from "../engine/engine.ts";
import { correct, observe } from "./clock.ts";
import { countDelivery, countMissing, drop, newTab, receive, reject, type Tab } from "./tab.ts";

/** A judged batch on its way into its session. */
export interface Delivery {
  tab_id: string;
  /** UTC milliseconds, by the client's clock and by the collector's. */
  sent_at: number;
  received_at: number;
  /** The events that keep the contract, with their position in the batch. */
  events: { index: number; event: FeatureEvent }[];
  /** Numbers of the events that a verdict refused. */
  rejected_seqs: number[];
  dropped: Dropped[];
}

/** What the session made of a batch. */
export interface Receipt {
  accepted: number;
  duplicates: number;
  rejected: Rejection[];
  /** Of the numbers that the batch reports as dropped, those that were not known to be: how many, by reason. */
  dropped: { [R in Dropped["reason"]]?: number };
  /** By how much the tab's missing numbers became more, or fewer when a gap closed. */
  missing_change: number;
}

/** A session's vector, as of the last acknowledged event. */
export type SessionVectorState = Omit<VectorAnswer, "entity" | "id">;

interface Stored {
  definition_version: string;
  tabs: Map<string, Tab>;
  engine: EngineState;
}

const STATE = "state";

/** Most tabs of one session. */
const MAX_TABS = 256;

/**
 * One visit: the numbers it received, for ever, and its features. State and dedupe set are one value in one row, written
 * before the answer leaves: an acknowledgement means durable.
 */
export abstract class SessionObject extends DurableObject {
  /** The definitions of this deployment, compiled. */
  protected abstract readonly engine: Engine;
  /** Names the definitions: a stored session made by others begins anew the features that changed. */
  protected abstract readonly definitionVersion: string;

  #stored: Stored | undefined;

  /** Takes in a batch. Any repetition, reordering, overlap or splitting of batches counts each event once. */
  ingest(delivery: Delivery): Receipt {
    const stored = this.#load() ?? this.#begin();
    try {
      const receipt = this.#take(stored, delivery);
      this.ctx.storage.kv.put(STATE, stored);
      return receipt;
    } catch (error) {
      // What was taken in halfway must not be committed with the next batch.
      this.#stored = undefined;
      throw error;
    }
  }

  /** The vector now, or `undefined` for a session that no event has reached. */
  vector(): SessionVectorState | undefined {
    const stored = this.#load();
    if (!stored || stored.engine.event_time === null) return undefined;
    return {
      event_time: stored.engine.event_time,
      watermark: this.engine.watermark(stored.engine) ?? stored.engine.event_time,
      definition_version: this.definitionVersion,
      features: this.engine.vector(stored.engine, Date.now()),
      delivery: countDelivery(stored.tabs.values()),
    };
  }

  #load(): Stored | undefined {
    this.#stored ??= this.ctx.storage.kv.get<Stored>(STATE);
    if (this.#stored && this.#stored.definition_version !== this.definitionVersion) {
      this.#stored.definition_version = this.definitionVersion;
      this.#stored.engine = this.engine.migrate(this.#stored.engine).state;
    }
    return this.#stored;
  }

  #begin(): Stored {
    this.#stored = { definition_version: this.definitionVersion, tabs: new Map(), engine: this.engine.zero() };
    return this.#stored;
  }

  #take(stored: Stored, { tab_id, sent_at, received_at, events, rejected_seqs, dropped }: Delivery): Receipt {
    const receipt: Receipt = { accepted: 0, duplicates: 0, rejected: [], dropped: {}, missing_change: 0 };
    let tab = stored.tabs.get(tab_id);
    if (!tab) {
      if (stored.tabs.size >= MAX_TABS) {
        const message = `the session has ${MAX_TABS} tabs already; begin a new session`;
        receipt.rejected = events.map(({ index }) => ({ index, code: "too_many_tabs", path: "", message }));
        return receipt;
      }
      tab = newTab();
      stored.tabs.set(tab_id, tab);
    }

    const missing = countMissing(tab);
    observe(tab.clock, sent_at, received_at);
    for (const seq of rejected_seqs) reject(tab, seq);
    for (const range of dropped)
      receipt.dropped[range.reason] = (receipt.dropped[range.reason] ?? 0) + drop(tab, range);

    for (const { index, event } of events.toSorted((a, b) => a.event.seq - b.event.seq)) {
      const arrival = receive(tab, event.seq);
      if (arrival === "duplicate") {
        receipt.duplicates += 1;
      } else if (arrival === "full") {
        const message = `seq: too many numbers before ${event.seq} never arrived; begin a new tab_id`;
        receipt.rejected.push({ index, code: "too_many_gaps", path: "seq", message });
      } else {
        const time = correct(tab.clock, event.seq, event.time);
        this.engine.fold(stored.engine, { ...event, time, tab_id });
        receipt.accepted += 1;
      }
    }
    receipt.missing_change = countMissing(tab) - missing;
    return receipt;
  }
}
