import { groupBy } from "../../../src/sinks/kafka/group-by.ts";
import type { KafkaRestSettings } from "../../../src/sinks/kafka-rest/settings.ts";

/** A record in the topic. */
interface StoredRecord {
  partition: number;
  key: string;
  value: string;
  headers?: Record<string, string>;
  timestamp?: string;
}

/** A proxy with the topic `events` of two partitions, as strict as the real one. */
export interface FakeProxy {
  /** Responds to a request, as `fetch` does. */
  fetch(url: string | URL | Request, init?: RequestInit): Promise<Response>;
  records: StoredRecord[];
  /** Number of requests so far. */
  requests: number;
  /** Errors of the next records, by a part of their value, each once: the code and the message. */
  failing: Map<string, [code: number, message: string]>;
  /** Replaces the response to the next requests, before or after their records are stored. */
  faults: ((store: () => Response) => Response | Promise<Response>)[];
  /** Largest request, in bytes. */
  requestBytes: number;
  /** Largest record that the topic accepts, in bytes. */
  recordBytes: number;
}

/** An error of a whole request. */
export const proxyError = (status: number, code: number, headers: Record<string, string> = {}): Response =>
  Response.json({ error_code: code, message: "the message" }, { status, headers });

const SIZE_MESSAGE =
  "The message is 9 bytes when serialized which is larger than 8, which is the value of max.request.size.";

const decoded = (data: unknown): string => {
  if (typeof data !== "string") throw new Error("not a text");
  const bytes = Buffer.from(data, "base64");
  if (bytes.toString("base64") !== data) throw new Error("not base64");
  return bytes.toString();
};

const expectFields = (value: object, ...fields: string[]) => {
  const unknown = Object.keys(value).find((field) => !fields.includes(field));
  if (unknown) throw new Error(`unknown field ${unknown}`);
};

const partitionOf = (key: string): number => [...key].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 2;

type Api = KafkaRestSettings["api"];

/** The records in the body of a request. @throws Error for a body that the proxy does not accept. */
const recordsIn: Record<"v2" | "v3", (body: string) => StoredRecord[]> = {
  v2(body) {
    const { records, ...rest } = JSON.parse(body);
    expectFields(rest);
    return records.map((record: Record<string, unknown>) => {
      expectFields(record, "key", "value");
      const key = decoded(record.key);
      return { partition: partitionOf(key), key, value: decoded(record.value) };
    });
  },
  v3: (body) =>
    body.split("\n").map((line) => {
      const { key, value, headers, timestamp, ...rest } = JSON.parse(line);
      expectFields(rest);
      if (key.type !== "BINARY" || value.type !== "BINARY") throw new Error("without a type, a schema is required");
      if (new Date(timestamp).toISOString() !== timestamp) throw new Error("not a time");
      const named = headers.map((header: { name: string; value: string }) => [header.name, decoded(header.value)]);
      const text = decoded(key.data);
      return {
        partition: partitionOf(text),
        key: text,
        value: decoded(value.data),
        headers: Object.fromEntries(named),
        timestamp,
      };
    }),
};

const ROUTES: Record<Api, { path: string; type: string; accept: string }> = {
  confluent_v2: {
    ...{
      path: "/topics/events",
      type: "application/vnd.kafka.binary.v2+json",
      accept: "application/vnd.kafka.v2+json",
    },
  },
  redpanda: {
    ...{
      path: "/topics/events",
      type: "application/vnd.kafka.binary.v2+json",
      accept: "application/vnd.kafka.v2+json",
    },
  },
  confluent_v3: {
    path: "/v3/clusters/cluster-1/topics/events/records",
    type: "application/json",
    accept: "application/json",
  },
};

export const fakeProxy = (api: Api, authorization: string | null = null): FakeProxy => {
  /** Stores a record. Returns its result. */
  const put = (record: StoredRecord): { offset: number } | { code: number; message: string } => {
    const [part, error] = [...proxy.failing].find(([each]) => record.value.includes(each)) ?? [];
    if (part !== undefined) proxy.failing.delete(part);
    if (error) return { code: error[0], message: error[1] };
    if (record.value.length > proxy.recordBytes)
      return { code: api === "confluent_v2" ? 50002 : 40002, message: SIZE_MESSAGE };
    proxy.records.push(record);
    return { offset: proxy.records.filter(({ partition }) => partition === record.partition).length - 1 };
  };

  const store: Record<Api, (records: StoredRecord[]) => Response> = {
    confluent_v2(records) {
      const offsets = records.map((record) => {
        const result = put(record);
        if ("offset" in result) return { partition: record.partition, ...result, error_code: null, error: null };
        return { partition: null, offset: null, error_code: result.code, error: result.message };
      });
      const status = offsets.some(({ error_code }) => error_code === 40301) ? 403 : 200;
      return Response.json({ offsets, key_schema_id: null, value_schema_id: null }, { status });
    },
    confluent_v3(records) {
      const reports = records.map((record) => {
        const result = put(record);
        if ("code" in result) return { error_code: result.code, message: result.message };
        const place = { cluster_id: "cluster-1", topic_name: "events", partition_id: record.partition, ...result };
        return { error_code: 200, ...place, timestamp: record.timestamp, key: { type: 'a "} b' }, value: {} };
      });
      return new Response(reports.map((report) => JSON.stringify(report)).join("\r\n"));
    },
    // A batch of a topic partition is stored as a whole, or not at all.
    redpanda(records) {
      const groups = [...groupBy(records, ({ partition }) => partition)];
      const offsets = groups.map(([partition, group]) => {
        const failed = [...proxy.failing].find(([part]) => group.some(({ value }) => value.includes(part)));
        if (failed) proxy.failing.delete(failed[0]);
        if (failed) return { partition, offset: -1, error_code: failed[1][0] };
        if (group.some(({ value }) => value.length > proxy.recordBytes))
          return { partition, offset: -1, error_code: 10 };
        const [offset] = group.map((record) => (put(record) as { offset: number }).offset);
        return { partition, offset };
      });
      return Response.json({ offsets });
    },
  };

  const proxy: FakeProxy = {
    ...{ records: [], requests: 0, failing: new Map(), faults: [], requestBytes: 10_000_000, recordBytes: 1_000_000 },
    async fetch(url, init) {
      const request = new Request(url, init);
      proxy.requests += 1;
      const { headers, method } = request;
      const { path, type, accept } = ROUTES[api];
      if (headers.get("authorization") !== authorization) return proxyError(401, 40101);
      if (method !== "POST" || new URL(request.url).pathname !== path) return proxyError(404, 40401);
      if (headers.get("content-type") !== type) return proxyError(415, 415);
      if (headers.get("accept") !== accept) return proxyError(406, 406);
      const body = await request.text();
      if (body.length > proxy.requestBytes) return new Response("Payload too large", { status: 413 });
      let records: StoredRecord[];
      try {
        records = recordsIn[api === "confluent_v3" ? "v3" : "v2"](body);
      } catch (error) {
        return Response.json({ error_code: 42203, message: (error as Error).message }, { status: 422 });
      }
      const write = () => store[api](records);
      const fault = proxy.faults.shift();
      return fault ? fault(write) : write();
    },
  };
  return proxy;
};
