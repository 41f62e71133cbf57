import type { LogRecord } from "@tidemark/schema/log";
import type { Sink, SinkRecord } from "../sinks/sink.ts";
import type { RecordReader } from "./record-reader.ts";
import { packTexts, sinkRecordOf } from "./sink-records.ts";
import type { StoredCut } from "./stored-egress.ts";

/** Largest size of a cut in JSON, whatever the sink allows, and of its packed records: a stored value has at most 2 MB. */
const MAX_CUT = { bytes: 4_000_000, packed: 1_800_000 };

/** A cut in memory. */
export interface OpenCut {
  stored: StoredCut;
  records: readonly SinkRecord[];
}

/** A new cut. */
export interface NewCut extends OpenCut {
  /** The offset up to which all records are in the cut, or not for the sink. */
  through: number;
  /** Whether the reader has taken later records, which are not in the cut. */
  isBehindReader: boolean;
}

/** Reads the next records for a sink, at most those of a cut. */
const readChosen = async (
  reader: RecordReader,
  isChosen: (record: LogRecord) => boolean,
  limits: Sink["limits"],
): Promise<{ records: SinkRecord[]; texts: string[] }> => {
  const most = Math.min(limits.bytes, MAX_CUT.bytes);
  const records: SinkRecord[] = [];
  const texts: string[] = [];
  let bytes = 0;
  while (records.length < limits.records) {
    const record = await reader.next();
    if (!record) break;
    if (isChosen(record)) {
      const text = JSON.stringify(record);
      bytes += Buffer.byteLength(text);
      if (records.length > 0 && bytes > most) break;
      records.push(sinkRecordOf(record));
      texts.push(text);
    }
    reader.take();
  }
  return { records, texts };
};

/**
 * Cuts the next records for a sink.
 *
 * @param name The site and the partition, `<site>/<partition>`: the beginning of the cut's id.
 * @returns `undefined` if there are none. The reader has then passed the records that are not for the sink.
 */
export const cutRecords = async (
  name: string,
  reader: RecordReader,
  isChosen: (record: LogRecord) => boolean,
  limits: Sink["limits"],
): Promise<NewCut | undefined> => {
  const { records, texts } = await readChosen(reader, isChosen, limits);
  if (records.length === 0) return undefined;
  let packed = packTexts(texts);
  while (packed.length > MAX_CUT.packed && texts.length > 1) {
    texts.length = Math.ceil(texts.length / 2);
    packed = packTexts(texts);
  }
  const isBehindReader = texts.length < records.length;
  records.length = texts.length;
  const [first, last] = [records[0]?.record.offset ?? 0, records.at(-1)?.record.offset ?? 0];
  const stored: StoredCut = {
    ...{ id: `${name}/${first}-${last}`, at: Date.now(), records: packed },
    ...{ pending: [...records.keys()], failures: 0, retry_at: 0 },
  };
  return { stored, records, through: isBehindReader ? last : reader.taken, isBehindReader };
};
