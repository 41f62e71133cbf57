import { type Event, event, eventTypes, type ReceivedBatch, type Rejection } from "@tidemark/schema";
import { isPersonal } from "@tidemark/schema/entities";
import { MAX_EVENT_AGE_MS } from "@tidemark/schema/limits";
import { compileCheck } from "./compile-check.ts";
import { explain, type Violation } from "./explain.ts";

/** The valid and the rejected events of a batch. */
export interface Validated {
  /** Positions of the events that conform to the contract. */
  valid: number[];
  /** One rejection for each of the other events. */
  rejected: Rejection[];
}

/** The violation of a member named `__proto__`, which zod ignores. */
const INVALID_PROTO: Violation = {
  code: "invalid_field",
  path: "",
  message: "the event has a member named __proto__ that violates the contract",
};

const checks = new Map(Object.entries(eventTypes).map(([type, schema]) => [type, compileCheck(schema)]));

// A separate function: within its only caller it would create a closure for each event.
const describes = (views: ReceivedBatch["views"], id: string): boolean => views.some(({ view_id }) => view_id === id);

/** Validates each event of a batch separately: an invalid event does not affect the others. */
export const validateEvents = ({
  events,
  views,
  consent,
  sent_at,
}: Pick<ReceivedBatch, "events" | "views" | "consent" | "sent_at">): Validated => {
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
    const typed = candidate as Event;
    if (!checks.get(typed.type)?.(typed)) {
      // The predicate is fast but only says yes or no: zod finds the violation.
      const { error } = event.safeParse(candidate);
      validated.rejected.push({ index, ...(error ? explain(error, candidate) : INVALID_PROTO) });
      return;
    }
    if (typed.time < sent_at - MAX_EVENT_AGE_MS) {
      const message = `time: ${typed.time} is more than 8 days before sent_at, ${sent_at}`;
      validated.rejected.push({ index, code: "too_old", path: "time", message });
      return;
    }
    if (typed.type === "identify" && !isPersonal(consent)) {
      const message = `user_id: not allowed while personalisation is ${consent?.personalisation}; identify the user once it is granted`;
      validated.rejected.push({ index, code: "no_consent", path: "user_id", message });
      return;
    }
    if (typed.view_id !== undefined && !isDescribed(typed.view_id)) {
      const message = `view_id: the batch's views do not describe ${JSON.stringify(typed.view_id)}`;
      validated.rejected.push({ index, code: "unknown_view", path: "view_id", message });
      return;
    }
    validated.valid.push(index);
  });
  return validated;
};
