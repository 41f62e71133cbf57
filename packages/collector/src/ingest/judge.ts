import { type Event, event, type FeatureEvent, type ReceivedBatch, type Rejection } from "@tidemark/schema";
import { isPersonal } from "../engine/personal.ts";
import { explain } from "./explain.ts";

/** A batch with a verdict on every event. */
export interface Judged {
  /** The events that keep the contract, with their position in the batch. */
  valid: { index: number; event: FeatureEvent }[];
  /** The verdicts on the others. */
  rejected: Rejection[];
}

const pathOf = (url: string): string => URL.parse(url)?.pathname.slice(0, 1000) ?? "";

/** Judges each event of a batch by itself, so that a bad one does not take the good ones with it. */
export const judge = ({ events, views, consent }: ReceivedBatch): Judged => {
  const viewById = new Map(views.map((view) => [view.view_id, { path: pathOf(view.url), ...view }]));
  const judged: Judged = { valid: [], rejected: [] };
  events.forEach((candidate, index) => {
    if (typeof candidate !== "object" || candidate === null || Array.isArray(candidate)) {
      judged.rejected.push({ index, code: "not_an_object", path: "", message: "the event is not a JSON object" });
      return;
    }
    const parsed = event.safeParse(candidate);
    if (!parsed.success) {
      judged.rejected.push({ index, ...explain(parsed.error, candidate) });
      return;
    }
    const known: Event = parsed.data;
    if (known.type === "identify" && !isPersonal(consent)) {
      const message = `user_id: expected no user while personalisation is ${consent?.personalisation}; identify when it is granted`;
      judged.rejected.push({ index, code: "no_consent", path: "user_id", message });
      return;
    }
    if (known.view_id === undefined) {
      judged.valid.push({ index, event: known });
      return;
    }
    const view = viewById.get(known.view_id);
    if (!view) {
      const message = `view_id: the batch's views do not describe ${JSON.stringify(known.view_id)}`;
      judged.rejected.push({ index, code: "unknown_view", path: "view_id", message });
      return;
    }
    judged.valid.push({ index, event: { ...known, view, view_time_ms: Math.max(0, known.time - view.started_at) } });
  });
  return judged;
};
