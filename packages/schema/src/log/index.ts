export {
  type ColumnType,
  columnName,
  eventColumns,
  fieldColumns,
  type LogColumn,
  type LogRow,
  type LogValue,
  payloadColumns,
  vectorColumns,
} from "./columns.ts";
export type { PutValue, StoredRow } from "./content.ts";
export {
  type CompactedFile,
  type CutFile,
  compactedFileName,
  FOLDER_KEYS,
  fileName,
  hourOf,
  isDayFile,
  LOG_PREFIX,
  type LogFile,
  type LogManifest,
  manifestName,
  type OffsetRange,
  rangesOf,
} from "./file.ts";
export {
  type EventRecord,
  isNumberedKind,
  type LogRecord,
  type PayloadRecord,
  type PredictionPayload,
  type ReactionCause,
  type ReactionPayload,
  type ReactionStep,
  type RecordedEvent,
  type RecordKind,
  type RecordPosition,
  recordKinds,
  type VectorRecord,
} from "./record.ts";
export { eventIn, payloadIn, type RecordTable, recordTable, type VectorContent, vectorIn } from "./row.ts";
