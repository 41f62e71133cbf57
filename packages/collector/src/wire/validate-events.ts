import { type Event, event, eventTypes, type ReceivedBatch, type Rejection } from "@tidemark/schema";
import { isPersonal } from "@tidemark/schema/entities";
import { compileCheck } from "./compile-check.ts";
import { explain } from "./explain.ts";

/** A batch with a verdict on every event. */
export interface Validated {
  /** Positions of the events that keep the contract. */
  valid: number[];
  /** The verdicts on the others. */
  rejected: Rejection[];
}

const checks = new Map(Object.entries(eventTypes).map(([type, schema]) => [type, compileCheck(schema)]));

// Apart from its only caller, which would otherwise make a closure for each event.
const describes = (views: ReceivedBatch["views"], id: string): boolean => views.some(({ view_id }) => view_id === id);

/** Judges each event of a batch by itself, so that a bad one does not take the good ones with it. */
export const validateEvents = ({
  events,
  views,
  consent,
}: Pick<ReceivedBatch, "events" | "views" | "consent">): Validated => {
  let described: string | undefined;
  const isDescribed = (id: string): boolean => {
    if (id !== described && describes(views, id)) described = id;
    return id === described;
  };
  const validated: Validated = { valid: [], rejected: [] };
  events.forEach((candidate, index) => {
    if (typeof candidate !== "object" || candidate === null || Array.isArray(candidate)) {
      validated.rejected.push({ index, code: "not_an_object", path: "", message: "the event is not a JSON object" });
      return;
    }
    const known = candidate as Event;
    if (!checks.get(known.type)?.(known)) {
      // Whether it is good was the quick question; what is wrong is zod's to say.
      const parsed = event.safeParse(candidate);
      if (!parsed.success) {
        validated.rejected.push({ index, ...explain(parsed.error, candidate) });
        return;
      }
    }
    if (known.type === "identify" && !isPersonal(consent)) {
      const message = `user_id: expected no user while personalisation is ${consent?.personalisation}; identify when it is granted`;
      validated.rejected.push({ index, code: "no_consent", path: "user_id", message });
      return;
    }
    if (known.view_id !== undefined && !isDescribed(known.view_id)) {
      const message = `view_id: the batch's views do not describe ${JSON.stringify(known.view_id)}`;
      validated.rejected.push({ index, code: "unknown_view", path: "view_id", message });
      return;
    }
    validated.valid.push(index);
  });
  return validated;
};
