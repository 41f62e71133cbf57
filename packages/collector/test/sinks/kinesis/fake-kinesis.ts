import { signatureProblem } from "../aws/signature.ts";

/** A record of the stream. */
interface StoredRecord {
  key: string;
  text: string;
}

/** The stream `events` in eu-central-1, as strict as the service. */
export interface FakeKinesis {
  /** Responds to a request, as `fetch` does. */
  fetch(url: string | URL | Request, init?: RequestInit): Promise<Response>;
  /** The records of the stream, in the order of their storage. */
  records: StoredRecord[];
  /** Number of requests so far. */
  requests: number;
  /** Errors of the next records, by a part of their text, each once. */
  failing: Map<string, string>;
  /** Replaces the response to the next requests, before or after their records are stored. */
  faults: ((store: () => void) => Response | Promise<Response>)[];
  /** Largest record, in bytes of data and key. */
  recordBytes: number;
}

/** An error of the service. */
export const kinesisError = (type: string, message = "the message", status = 400): Response =>
  Response.json({ __type: `com.amazonaws.kinesis#${type}`, message }, { status });

interface Entry {
  Data?: unknown;
  PartitionKey?: unknown;
}

/** A validated entry. @throws Error */
const recordOf = ({ Data, PartitionKey, ...rest }: Entry): StoredRecord => {
  if (typeof Data !== "string" || typeof PartitionKey !== "string" || Object.keys(rest).length > 0)
    throw new Error("a record has Data and PartitionKey");
  if (PartitionKey.length < 1 || PartitionKey.length > 256) throw new Error("PartitionKey has 1 to 256 characters");
  const data = Buffer.from(Data, "base64");
  if (data.toString("base64") !== Data) throw new Error("Data is not base64");
  return { key: PartitionKey, text: data.toString() };
};

const sizeOf = ({ key, text }: StoredRecord) => Buffer.byteLength(key) + Buffer.byteLength(text);

export const fakeKinesis = (): FakeKinesis => {
  const kinesis: FakeKinesis = {
    ...{ records: [], requests: 0, failing: new Map(), faults: [], recordBytes: 1_048_576 },
    async fetch(url, init) {
      const request = new Request(url, init);
      kinesis.requests += 1;
      const body = new Uint8Array(await request.arrayBuffer());
      const problem = signatureProblem(request, body, "eu-central-1", "kinesis");
      if (problem) return kinesisError("InvalidSignatureException", problem);
      const { headers, method } = request;
      if (new URL(request.url).pathname !== "/" || method !== "POST") return kinesisError("UnknownOperationException");
      if (headers.get("x-amz-target") !== "Kinesis_20131202.PutRecords")
        return kinesisError("UnknownOperationException");
      if (headers.get("content-type") !== "application/x-amz-json-1.1") return kinesisError("SerializationException");
      const { StreamName, StreamARN, Records, ...rest } = JSON.parse(Buffer.from(body).toString());
      const arn = "arn:aws:kinesis:eu-central-1:123456789012:stream/events";
      if (Object.keys(rest).length > 0) return kinesisError("SerializationException", Object.keys(rest).join());
      if ((StreamName ?? "events") !== "events" || (StreamARN ?? arn) !== arn || !(StreamName ?? StreamARN))
        return kinesisError("ResourceNotFoundException", `Stream ${StreamName} not found.`);
      const records: StoredRecord[] = [];
      try {
        records.push(...Records.map(recordOf));
      } catch (error) {
        return kinesisError("ValidationException", (error as Error).message);
      }
      if (records.length < 1 || records.length > 500) return kinesisError("ValidationException", "1 to 500 records");
      if (records.some((record) => sizeOf(record) > kinesis.recordBytes))
        return kinesisError("ValidationException", "a record is too large");
      if (records.reduce((bytes, record) => bytes + sizeOf(record), 0) > 5_242_880 && records.length > 1)
        return kinesisError("InvalidArgumentException", "the records exceed 5 MB");
      let failed = 0;
      const results: object[] = [];
      const store = () => {
        for (const record of records) {
          const [part, ErrorCode] = [...kinesis.failing].find(([each]) => record.text.includes(each)) ?? [];
          if (part === undefined) {
            kinesis.records.push(record);
            results.push({ ShardId: "shardId-000000000000", SequenceNumber: `${kinesis.records.length}` });
          } else {
            kinesis.failing.delete(part);
            failed += 1;
            results.push({ ErrorCode, ErrorMessage: "the message" });
          }
        }
      };
      const fault = kinesis.faults.shift();
      if (fault) return fault(store);
      store();
      return Response.json({ FailedRecordCount: failed, Records: results });
    },
  };
  return kinesis;
};
