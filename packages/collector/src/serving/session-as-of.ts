import { replay } from "@tidemark/engine";
import type { SessionVectorAsOf } from "@tidemark/schema";
import { featuresOf, modelOfFeature } from "@tidemark/schema/entities";
import { SESSION_ID } from "@tidemark/schema/keys";
import { isSessionIdOf } from "../access/session-ids.ts";
import { HttpError } from "../errors.ts";
import { type Selection, select } from "../selected.ts";
import { notFound, type Reader } from "./reader.ts";
import { readHistory } from "./session-history.ts";

/** Largest size of the log's parts that one request reads, in bytes. */
const MAX_BYTES = 32_000_000;

/** Returns a function that counts bytes. @throws HttpError `log_too_large` beyond {@link MAX_BYTES}. */
const limitBytes = (id: string, as_of: number): ((bytes: number) => void) => {
  let total = 0;
  return (bytes) => {
    total += bytes;
    if (total <= MAX_BYTES) return;
    throw new HttpError(
      "log_too_large",
      `as_of: more than ${MAX_BYTES / 1_000_000} MB of the log would be read. Run: tidemark features as-of session ${id} --at ${new Date(as_of).toISOString()}`,
    );
  };
};

/**
 * The vector of a session as a read at a time of the past served it, by today's definitions. The events that the
 * collector had received by then count, in the order of arrival.
 *
 * @param as_of UTC milliseconds by the collector's clock, not in the future.
 * @throws HttpError `not_found` for a session without an event by then; also those of `readHistory`.
 */
export const readSessionAsOf = async (
  reader: Reader,
  id: string,
  as_of: number,
  selection: Selection | undefined,
): Promise<SessionVectorAsOf> => {
  const { env, tenant } = reader;
  const { site, definitions, log } = tenant;
  const { session: engine, version } = definitions;
  if (!log)
    throw new HttpError(
      "no_log",
      `as_of: site ${site.id} has no log, which has the past: add log: { days: 30 } to it in tidemark.config.ts.`,
    );
  const predicted = selection?.features.find((name) => modelOfFeature(name) !== undefined);
  if (predicted !== undefined)
    throw new HttpError(
      "invalid_query",
      `as_of: ${predicted} cannot be computed from events. Records of the kind prediction in the log have its past.`,
    );
  if (as_of > Date.now()) throw new HttpError("invalid_query", "as_of: expected a time of the past.");
  if (!SESSION_ID.test(id)) throw notFound(reader, "session", id);
  if (!isSessionIdOf(site, id)) throw new HttpError("foreign_session", `${id} is not a session of site ${site.id}.`);
  const events = await readHistory({ env, tenant, session: id, as_of, onBytes: limitBytes(id, as_of) });
  const [replayed] = replay(events, featuresOf(tenant.features, "session"));
  const { event_time = null } = replayed?.state ?? {};
  if (!replayed || event_time === null)
    throw new HttpError(
      "not_found",
      `Site ${site.id} had received no event of session ${id} at ${new Date(as_of).toISOString()}.`,
    );
  const { state } = replayed;
  const at = Math.max(as_of, event_time);
  const vector: SessionVectorAsOf = {
    ...{ entity: "session", id, as_of, event_time },
    watermark: engine.watermark(state) ?? event_time,
    age_ms: at - event_time,
    definition_version: version,
    late: state.late,
    too_late: state.too_late,
    features: engine.vector(state, at),
  };
  return select(vector, selection);
};
