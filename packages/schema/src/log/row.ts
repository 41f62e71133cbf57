import type { Feature } from "../features/feature.ts";
import {
  consentColumns,
  eventColumns,
  featureColumns,
  fieldColumns,
  type LogColumn,
  type LogRow,
  payloadColumns,
  payloadFieldColumns,
  positionColumns,
  vectorColumns,
  vectorFieldColumns,
  versionColumn,
} from "./columns.ts";
import {
  type Content,
  checkRequired,
  contentIn,
  type PutValue,
  putContent,
  putFields,
  type StoredRow,
} from "./content.ts";
import { type Layout, layoutOf, type ObjectColumns } from "./layout.ts";
import {
  type EventRecord,
  type LogRecord,
  type PayloadRecord,
  type RecordedEvent,
  type RecordKind,
  recordKinds,
  type VectorRecord,
} from "./record.ts";

const eventLayout = layoutOf(fieldColumns);
const payloadLayout = layoutOf(payloadFieldColumns);

const vectorLayout = (features: readonly Feature[]): Layout =>
  new Map<string, LogColumn | ObjectColumns>([
    ...vectorFieldColumns,
    ["consent", { fields: consentColumns, hasNulls: false }],
    ["features", { fields: featureColumns(features), hasNulls: true }],
  ]);

/** The columns of one kind of record, and the values of records in them. */
export interface RecordTable {
  columns: readonly LogColumn[];
  /**
   * Passes each value of a record to `put`.
   *
   * @throws Error that names the first field that no column can hold, such as an absent id or NaN.
   */
  putValues(record: LogRecord, put: PutValue): void;
  /** Converts a record to a row. Throws the errors of `putValues`. */
  rowOf(record: LogRecord): LogRow;
}

const isRequired = ({ required }: LogColumn): boolean => required;

const tableOf = (columns: readonly LogColumn[], putValues: RecordTable["putValues"]): RecordTable => ({
  columns,
  putValues,
  rowOf(record) {
    const row: LogRow = {};
    putValues(record, ({ name }, value) => {
      row[name] = value;
    });
    return row;
  },
});

/** The table of records whose content is all of their fields but the place. */
const tableOfFields = (
  columns: readonly LogColumn[],
  fields: ReadonlyMap<string, LogColumn>,
  layout: Layout,
): RecordTable => {
  const required = [...fields.values()].filter(isRequired);
  return tableOf(columns, (record, put) => {
    const { kind: _, site, partition, offset, arrival, received_at, ...content } = record;
    checkRequired(required, content);
    putFields(put, positionColumns, { site, partition, offset, arrival, received_at });
    putContent(put, layout, content);
  });
};

const eventPosition = [...positionColumns, versionColumn];
const requiredOfEvents = [...fieldColumns.values()].filter(isRequired);

const events = tableOf(eventColumns, (record, put) => {
  const { event, ...position } = record as EventRecord;
  const content = event as unknown as Content;
  checkRequired(requiredOfEvents, content);
  putFields(put, eventPosition, { ...position });
  putContent(put, eventLayout, content);
});

const payloads = tableOfFields(payloadColumns, payloadFieldColumns, payloadLayout);

/**
 * The table of a kind of record. The columns of vectors are those of the features.
 *
 * @throws Error for an unknown kind.
 */
export const recordTable = (kind: RecordKind, features: readonly Feature[]): RecordTable => {
  if (!recordKinds.includes(kind)) throw new Error(`kind: expected ${recordKinds.join(", ")}; given ${String(kind)}`);
  if (kind === "event") return events;
  return kind === "vector"
    ? tableOfFields(vectorColumns(features), vectorFieldColumns, vectorLayout(features))
    : payloads;
};

/** Reads the event in a row of the columns of events. It equals the recorded one, with its fields in another order. */
export const eventIn = (row: StoredRow): RecordedEvent => contentIn(row, eventLayout) as unknown as RecordedEvent;

/** Reads the vector in a row of the columns of vectors with the same features, without its place in the log. */
export const vectorIn = (row: StoredRow, features: readonly Feature[]): VectorContent =>
  contentIn(row, vectorLayout(features)) as unknown as VectorContent;

/** Reads the content of a record of another kind in a row, without its place in the log. */
export const payloadIn = (row: StoredRow): Pick<PayloadRecord, "session_id" | "payload"> =>
  contentIn(row, payloadLayout) as unknown as Pick<PayloadRecord, "session_id" | "payload">;

/** A vector's record without its place in the log. */
export type VectorContent = Omit<VectorRecord, "kind" | "site" | "partition" | "offset" | "arrival" | "received_at">;
