import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer, type Socket } from "node:net";

/** Bytes of requests since the latest question. */
let bytes = 0;

const int16 = (value: number): Buffer => {
  const content = Buffer.alloc(2);
  content.writeInt16BE(value);
  return content;
};

const int32 = (value: number): Buffer => {
  const content = Buffer.alloc(4);
  content.writeInt32BE(value);
  return content;
};

/** Number of times that a text is in a body. */
const count = (body: Buffer, text: string): number => {
  let found = 0;
  for (let at = body.indexOf(text); at >= 0; at = body.indexOf(text, at + text.length)) found += 1;
  return found;
};

/** An array in JSON with the same result for each record. */
const resultsOf = (results: number, result: string): string => `[${new Array(results).fill(result).join()}]`;

/** The latest token of rows that Snowpipe has taken. */
let token: string | null = null;

const snowpipeStatus = () => ({ channel_status_code: "ACTIVE", last_committed_offset_token: token, created_on_ms: 1 });

/** The text of a successful response of the target that a path names. */
const answerTo = (url: string, body: Buffer, host: string): string => {
  const [path = "", query] = url.split("?");
  if (path === "/bytes") {
    const counted = bytes;
    bytes = 0;
    return `${counted}`;
  }
  if (path === "/kinesis/") {
    const result = '{"SequenceNumber":"1","ShardId":"shardId-000000000000"}';
    return `{"FailedRecordCount":0,"Records":${resultsOf(count(body, '"PartitionKey"'), result)}}`;
  }
  if (path.endsWith("/records")) return '{"error_code":200,"offset":1}\n'.repeat(count(body, "\n") + 1);
  if (path.startsWith("/rest/topics/"))
    return `{"offsets":${resultsOf(count(body, '"key":'), '{"partition":0,"offset":1,"error_code":null}')}}`;
  if (path === "/token") return '{"access_token":"token","expires_in":3600}';
  if (path.endsWith("/insertAll")) return '{"kind":"bigquery#tableDataInsertAllResponse"}';
  if (path === "/v2/streaming/hostname") return JSON.stringify({ hostname: host });
  if (path === "/oauth/token") return '{"token":"token"}';
  if (path.endsWith("/rows")) {
    token = new URLSearchParams(query).get("endOffsetToken");
    return '{"next_continuation_token":"1"}';
  }
  if (path.endsWith(":bulk-channel-status")) {
    const { channel_names } = JSON.parse(body.toString()) as { channel_names: string[] };
    return JSON.stringify({ channel_statuses: Object.fromEntries(channel_names.map((n) => [n, snowpipeStatus()])) });
  }
  if (path.startsWith("/v2/streaming/"))
    return JSON.stringify({ next_continuation_token: "1", channel_status: snowpipeStatus() });
  return "";
};

const respond = async (request: IncomingMessage, response: ServerResponse) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  bytes += body.length;
  response.end(answerTo(request.url ?? "", body, request.headers.host ?? ""));
};

/** The parts of a request of Kafka: its interface, the number that its response has, and the rest. */
interface KafkaRequest {
  api: number;
  correlation: Buffer;
  content: Buffer;
}

const TOPIC = "events";
const TOPIC_PARTITIONS = 3;

const text = (value: string): Buffer => Buffer.concat([int16(value.length), Buffer.from(value)]);

/** The topic partitions of a Produce request: each stores its batch. */
const produce = (content: Buffer): Buffer => {
  // No transaction, acks, a timeout, and one topic.
  let at = 2 + 2 + 4 + 4;
  at += 2 + content.readInt16BE(at);
  const partitions = content.readInt32BE(at);
  at += 4;
  const parts = [int32(1), text(TOPIC), int32(partitions)];
  for (let partition = 0; partition < partitions; partition += 1) {
    parts.push(content.subarray(at, at + 4), Buffer.alloc(2 + 8 + 8 + 8));
    at += 8 + content.readInt32BE(at + 4);
  }
  return Buffer.concat([...parts, int32(0)]);
};

const metadata = (port: number): Buffer =>
  Buffer.concat([
    ...[int32(0), int32(1), int32(0), text("127.0.0.1"), int32(port), int16(-1), text("counting"), int32(0)],
    ...[int32(1), int16(0), text(TOPIC), Buffer.alloc(1), int32(TOPIC_PARTITIONS)],
    ...Array.from({ length: TOPIC_PARTITIONS }, (_, index) =>
      Buffer.concat([int16(0), int32(index), int32(0), int32(1), int32(0), int32(1), int32(0)]),
    ),
  ]);

/** An id of a producer: no delay, no error, the id 1 and the epoch 0. */
const PRODUCER = Buffer.concat([int32(0), int16(0), int32(0), int32(1), int16(0)]);

const kafkaAnswer = ({ api, content }: KafkaRequest, port: number): Buffer => {
  if (api === 0) return produce(content);
  return api === 3 ? metadata(port) : PRODUCER;
};

const kafkaRequestIn = (frame: Buffer): KafkaRequest => {
  const client = frame.readInt16BE(8);
  return { api: frame.readInt16BE(0), correlation: frame.subarray(4, 8), content: frame.subarray(10 + client) };
};

const serveKafka = (socket: Socket) => {
  let chunks: Buffer[] = [];
  let received = 0;
  socket.on("error", () => {});
  socket.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    chunks.push(chunk);
    received += chunk.length;
    while (received >= 4) {
      if ((chunks[0] as Buffer).length < 4) chunks = [Buffer.concat(chunks)];
      const end = 4 + (chunks[0] as Buffer).readInt32BE(0);
      if (received < end) return;
      const all = Buffer.concat(chunks);
      const request = kafkaRequestIn(all.subarray(4, end));
      chunks = [all.subarray(end)];
      received -= end;
      const answer = kafkaAnswer(request, (kafka.address() as AddressInfo).port);
      socket.write(Buffer.concat([int32(answer.length + 4), request.correlation, answer]));
    }
  });
};

const message = (letter: string, content: Buffer = Buffer.alloc(0)): Buffer =>
  Buffer.concat([Buffer.from(letter), int32(content.length + 4), content]);

const READY = message("Z", Buffer.from("I"));
const SIGNED_IN = Buffer.concat([message("R", int32(0)), READY]);
const INSERTED = Buffer.concat([
  ...[message("1"), message("2"), message("n"), message("C", Buffer.from("INSERT 0 1\0")), READY],
]);

/** Answers the startup message, and each `Sync`. Everything else is passed over. */
const servePostgres = (socket: Socket) => {
  let head = Buffer.alloc(0);
  let left = 0;
  let isStarted = false;
  socket.on("error", () => {});
  socket.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    for (let rest = chunk; rest.length > 0; ) {
      const skipped = Math.min(left, rest.length);
      left -= skipped;
      rest = rest.subarray(skipped);
      const wanted = isStarted ? 5 : 4;
      const taken = rest.subarray(0, left > 0 ? 0 : wanted - head.length);
      head = Buffer.concat([head, taken]);
      rest = rest.subarray(taken.length);
      if (head.length < wanted) continue;
      left = head.readInt32BE(wanted - 4) - 4;
      if (!isStarted) socket.write(SIGNED_IN);
      else if (head[0] === "S".charCodeAt(0)) socket.write(INSERTED);
      isStarted = true;
      head = Buffer.alloc(0);
    }
  });
};

const http = createHttpServer({ keepAliveTimeout: 60_000 }, respond);
const kafka = createServer(serveKafka);
const postgres = createServer(servePostgres);

const ports = await Promise.all(
  [http, kafka, postgres].map(
    (server) =>
      new Promise<number>((resolve) => {
        server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
      }),
  ),
);
console.log(JSON.stringify({ http: ports[0], kafka: ports[1], postgres: ports[2] }));
