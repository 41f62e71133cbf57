import type { BatchResponse } from "@tidemark/schema";
import { armOf } from "../../packages/collector/src/reactions/arm.ts";

/** Sends batches of a site to a collector. */
export interface Traffic {
  /** Sends one visit of two batches, and what can go wrong with them. */
  visit(): Promise<void>;
  /** Writes the waiting records of the log into a file. */
  cutLog(): Promise<void>;
  /** Notes an export for Feast. */
  noteExport(): Promise<void>;
}

const MINUTE_MS = 60_000;

/** The reaction of the site, and its share of the holdout. */
const HELP = { name: "help", holdout: 0.5 };

/** Shares of the visits that reach the goal, by arm: one in these. */
const ORDERS_ONE_IN = { treatment: 2, holdout: 4 };

/** Time after which a visitor opens a second page, in milliseconds: the prediction is then compared with the goal. */
const RETURNS_AFTER_MS = 31_000;

/** A new id whose session is in an arm. */
const idIn = (arm: "treatment" | "holdout"): string => {
  for (;;) {
    const id = crypto.randomUUID().slice(0, 13);
    if (armOf(HELP, `shop.${id}`) === arm) return id;
  }
};

/** Makes visits of a shop: accepted, rejected, late, duplicate, dropped and missing events, a reaction, predictions, goals. */
export const trafficTo = (origin: string, readKey: string, adminKey: string): Traffic => {
  const post = async (batch: object): Promise<BatchResponse> => {
    const response = await fetch(`${origin}/v1/events`, { method: "POST", body: JSON.stringify(batch) });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    return (await response.json()) as BatchResponse;
  };
  let visits = 0;
  const returns: { at: number; run(): Promise<void> }[] = [];
  return {
    async visit() {
      while (returns[0] && returns[0].at <= Date.now()) await returns.shift()?.run();
      const arm = visits % 2 === 0 ? "treatment" : "holdout";
      const hasOrder = Math.floor(visits / 2) % ORDERS_ONE_IN[arm] === 0;
      const ordersLater = Math.floor(visits / 2) % 4 === 3;
      visits += 1;
      const id = idIn(arm);
      const [session, secret] = [`shop.${id}`, crypto.randomUUID()];
      const now = Date.now();
      const view = { view_id: "view0001", started_at: now - 30 * MINUTE_MS, url: "https://shop.example/", path: "/" };
      const event = (seq: number, time = now - 10, name: string | undefined = "look") => ({
        ...{ type: "custom", seq, time, view_id: "view0001", name },
      });
      const batch = (events: object[], more: object = {}) => ({
        ...{
          v: 1,
          key: "tm_shop_watched1",
          sent_at: Date.now(),
          session_id: session,
          session_secret: secret,
          anonymous_id: id,
          tab_id: id,
        },
        ...{
          sdk: "js/0.9.0",
          user_id: `user-${id.slice(0, 2)}`,
          views: [view],
          events,
          reactions_received: [],
          ...more,
        },
      });
      // The first was captured offline and is late. The third has no name and is rejected.
      const first = batch([event(0, now - 10 * MINUTE_MS), event(1), { type: "custom", seq: 2, time: now }, event(3)]);
      const { reactions = [] } = await post(first);
      await post(first);
      // One event is missing, two were dropped, and the clock of another tab is an hour behind.
      const received = reactions.map((each) => each.id);
      const dropped = [{ from_seq: 5, to_seq: 6, reason: "overflow" }];
      await post(
        batch([event(7), event(8, now - 10, hasOrder ? "order" : "look")], { dropped, reactions_received: received }),
      );
      const run = async () => {
        const time = Date.now() - 10;
        const second = { ...view, view_id: "view0002", started_at: time };
        const opened = { type: "page_view", seq: 9, time, view_id: second.view_id, cause: "load" };
        const sent = { sent_at: Date.now(), views: [view, second] };
        await post(batch([opened], sent));
        await post(batch([event(10, time, ordersLater ? "order" : "look")], sent));
      };
      returns.push({ at: Date.now() + RETURNS_AFTER_MS, run });
      await post({ ...batch([event(0, now - 60 * MINUTE_MS)]), tab_id: `${id}b`, sent_at: now - 60 * MINUTE_MS });
      for (const path of [`predict/remote/session/${session}`, `predict/purchase/session/${session}`]) {
        const headers = { authorization: `Bearer ${readKey}` };
        const response = await fetch(`${origin}/v1/${path}`, { method: "POST", headers });
        if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
      }
    },
    async noteExport() {
      const init = { method: "POST", headers: { authorization: `Bearer ${adminKey}` } };
      const body = JSON.stringify({ max_age_s: 86_400 });
      const response = await fetch(`${origin}/v1/feast/exports?site=shop`, { ...init, body });
      if (!response.ok) throw new Error(`feast/exports: ${response.status} ${await response.text()}`);
    },
    async cutLog() {
      const headers = { authorization: `Bearer ${adminKey}` };
      const response = await fetch(`${origin}/v1/log/cut?site=shop`, { method: "POST", headers });
      if (!response.ok) throw new Error(`log/cut: ${response.status} ${await response.text()}`);
    },
  };
};
