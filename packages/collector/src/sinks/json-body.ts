import type { SinkRecord } from "./sink.ts";

/**
 * A record as sinks write it in JSON: the record of the log, with its stable id in the field `id`. The id of a vector's entity,
 * which the log has in this field, is also in its field `session_id`.
 */
export const jsonBody = ({ id, record }: SinkRecord): string => JSON.stringify({ ...record, id });
