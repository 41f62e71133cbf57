import type { Feature } from "@tidemark/schema";
import { eventColumns, eventIn, type LogColumn } from "@tidemark/schema/log";
import { columnsRead } from "./columns-read.ts";
import type { Database } from "./database.ts";
import type { PlacedEvent } from "./rebuild-states.ts";
import { readRows } from "./stored-rows.ts";

const PLACE = ["partition", "offset", "received_at"];

const placeColumns = eventColumns.filter(({ name }) => PLACE.includes(name));

/** The events by session, each once, in the order of arrival. Sessions are in the order in which they began. */
const bySession = (view: string): string => `FROM (
    SELECT *, row_number() OVER (PARTITION BY session_id, tab_id, seq ORDER BY arrival) AS copy FROM ${view}
  ) JOIN (SELECT session_id, min(received_at) AS began_at FROM ${view} GROUP BY session_id) USING (session_id)
  WHERE copy = 1 ORDER BY began_at, session_id, arrival`;

/**
 * Reads the events of a log session by session.
 *
 * @param features The events have the fields that these features read.
 * @param view View of the events, with the columns of files.
 */
export async function* eventsBySession(
  database: Database,
  features: readonly Feature[],
  view = "log_events",
): AsyncGenerator<PlacedEvent> {
  const columns = new Map<string, LogColumn>(
    [...columnsRead(features), ...placeColumns].map((column) => [column.name, column]),
  );
  for await (const row of readRows(database, [...columns.values()], bySession(view))) {
    const { partition, offset, received_at } = row as Record<"offset" | "partition" | "received_at", number>;
    yield { event: eventIn(row), partition, offset, received_at };
  }
}
