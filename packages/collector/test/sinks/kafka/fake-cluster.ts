import { once } from "node:events";
import { connect as connectTcp, createServer, type Server, type Socket } from "node:net";
import { Readable, Writable } from "node:stream";
import type { ByteSocket, OpenSocket } from "../../../src/sinks/kafka/byte-socket.ts";
import { Decoder, decodeBatch, Encoder } from "./kafkajs-codec.ts";

/** Connects from Node. */
export const openNodeSocket: OpenSocket = async ({ host, port }) => {
  const socket = connectTcp({ host, port });
  await once(socket, "connect");
  const streams = { readable: Readable.toWeb(socket), writable: Writable.toWeb(socket) };
  return { ...(streams as unknown as ByteSocket), close: async () => socket.destroy() };
};

/** A record that the cluster has stored. */
interface StoredRecord {
  key: string;
  value: Record<string, unknown>;
  headers: Record<string, string>;
  timestamp: number;
}

/** The last batches of a producer in a topic partition. */
interface ProducerEntry {
  epoch: number;
  batches: { first: number; last: number }[];
}

interface TopicPartition {
  leader: number;
  records: StoredRecord[];
  producers: Map<string, ProducerEntry>;
}

/** A failure of one Produce request: an error code, an answer that is lost after the batch is stored, or none at all. */
type Fault = number | "lost answer" | "no answer" | "closed";

/** Number of batches of a producer that a broker remembers. */
const REMEMBERED = 5;

const TOPIC = "events";

/** A cluster of brokers in this process, as strict as Kafka 4.4.0 with requests and with sequences. Its topic is `events`. */
export interface FakeCluster {
  /** Addresses of the brokers. */
  brokers: string[];
  partitions: TopicPartition[];
  /** Names of the requests of each connection, in order of the connections. */
  connections: { broker: number; requests: string[]; isOpen: boolean }[];
  /** Faults of the next Produce requests, by broker or for all. */
  faults: Fault[];
  /** Codes with which the next requests for a producer id fail. */
  producerIdErrors: number[];
  /** Largest batch, in bytes. */
  maxBatchBytes: number;
  /** Text in a record that makes its batch invalid. Default: none. */
  invalidText: string | undefined;
  /** User and password. Absent: no authentication. */
  user: { username: string; password: string } | undefined;
  /** Whether a broker accepts connections, and does not respond. */
  frozen: Set<number>;
  /** Error code of the topic in the metadata. */
  topicError: number;
  /** Adds topic partitions. */
  addPartitions(count: number): void;
  /** Ends a broker. Another one leads its topic partitions, as in the metadata of the others. */
  kill(broker: number): Promise<void>;
  /** All stored records. */
  records(): StoredRecord[];
  stop(): Promise<void>;
}

class WrongRequest extends Error {}

const expectEnd = (decoder: Decoder): void => {
  if (decoder.readAll().length > 0) throw new WrongRequest("a request has bytes behind its end");
};

/** Starts a cluster. */
export const startFakeCluster = async (brokerCount = 1, partitionCount = 1): Promise<FakeCluster> => {
  const servers: Server[] = [];
  const sockets: Set<Socket>[] = [];
  const clusterId = crypto.randomUUID();
  let producerIds = 1000;
  const newPartition = (index: number): TopicPartition => ({
    ...{ leader: index % brokerCount, records: [], producers: new Map() },
  });

  /** Stores a batch as a broker does. Returns the error code. */
  const append = async (broker: number, index: number, bytes: Buffer): Promise<number> => {
    const partition = cluster.partitions[index];
    if (partition === undefined) return 3;
    if (partition.leader !== broker) return 6;
    if (bytes.length > cluster.maxBatchBytes) return 10;
    const batch = await decodeBatch(bytes);
    const { producerId, producerEpoch, firstSequence: first, lastOffsetDelta, records } = batch;
    if (records.length !== lastOffsetDelta + 1 || records.length === 0)
      throw new WrongRequest("a wrong number of records");
    if (records.some(({ offset }, position) => offset !== String(position))) throw new WrongRequest("wrong offsets");
    const decoded = records.map(({ key, value, headers, timestamp }) => ({
      key: key.toString(),
      value: JSON.parse(value.toString()),
      headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, text.toString()])),
      timestamp: Number(timestamp),
    }));
    const { invalidText } = cluster;
    if (invalidText && records.some(({ value }) => value.includes(invalidText))) return 87;
    const last = (first + lastOffsetDelta) % 2 ** 31;
    const known = partition.producers.get(producerId);
    if (known?.epoch === producerEpoch) {
      if (known.batches.some((each) => each.first === first && each.last === last)) return 0;
      if (first !== ((known.batches.at(-1)?.last ?? -1) + 1) % 2 ** 31) return 45;
    }
    const earlier = known?.epoch === producerEpoch ? known.batches : [];
    const batches = [...earlier, { first, last }].slice(-REMEMBERED);
    partition.producers.set(producerId, { epoch: producerEpoch, batches });
    partition.records.push(...decoded);
    return 0;
  };

  const produce = async (broker: number, request: Decoder, answer: Encoder): Promise<Fault> => {
    if (request.readString() !== null) throw new WrongRequest("a transaction");
    if (request.readInt16() !== -1) throw new WrongRequest("acks other than all");
    request.readInt32(); // timeout
    const topics = request.readArray((each) => ({
      name: each.readString(),
      partitions: each.readArray((one) => ({ index: one.readInt32(), batch: one.readBytes() as Buffer })),
    }));
    expectEnd(request);
    const fault = cluster.faults.shift() ?? 0;
    answer.writeInt32(topics.length);
    for (const { name, partitions } of topics) {
      answer.writeString(name).writeInt32(partitions.length);
      for (const { index, batch } of partitions) {
        const isStored = typeof fault === "string" ? fault === "lost answer" : fault === 0;
        const error = isStored ? await append(broker, index, batch) : Number(fault) || 0;
        answer.writeInt32(index).writeInt16(error).writeInt64("0").writeInt64("-1").writeInt64("0");
      }
    }
    answer.writeInt32(0); // throttle time
    return fault;
  };

  const metadata = (request: Decoder, answer: Encoder): void => {
    const topics = request.readArray((each) => each.readString());
    if (topics.length !== 1 || request.readInt8() !== 0)
      throw new WrongRequest("other topics, or the creation of topics");
    expectEnd(request);
    const alive = cluster.brokers.flatMap((address, id) => (servers[id]?.listening ? [{ id, address }] : []));
    answer.writeInt32(0).writeInt32(alive.length);
    for (const { id, address } of alive) {
      const [host = "", port] = address.split(":");
      answer.writeInt32(id).writeString(host).writeInt32(Number(port)).writeString(null);
    }
    answer.writeString(clusterId).writeInt32(0).writeInt32(1);
    const isKnown = topics[0] === TOPIC && cluster.topicError === 0;
    answer
      .writeInt16(isKnown ? 0 : cluster.topicError || 3)
      .writeString(topics[0] ?? null)
      .writeInt8(0);
    answer.writeInt32(isKnown ? cluster.partitions.length : 0);
    // Brokers list topic partitions in any order.
    for (const [index, { leader }] of isKnown ? [...cluster.partitions.entries()].reverse() : [])
      answer
        .writeInt16(0)
        .writeInt32(index)
        .writeInt32(leader)
        .writeInt32(1)
        .writeInt32(leader)
        .writeInt32(1)
        .writeInt32(leader);
  };

  const initProducerId = (request: Decoder, answer: Encoder): void => {
    if (request.readString() !== null) throw new WrongRequest("a transaction");
    request.readInt32(); // timeout of transactions
    expectEnd(request);
    const error = cluster.producerIdErrors.shift() ?? 0;
    answer
      .writeInt32(0)
      .writeInt16(error)
      .writeInt64(String(error ? -1 : producerIds++))
      .writeInt16(error ? -1 : 0);
  };

  /** Answers a request. Returns `undefined` to close the connection. */
  const respond = async (
    broker: number,
    connection: { requests: string[]; isAuthenticated: boolean },
    frame: Buffer,
  ): Promise<Buffer | "no answer" | undefined> => {
    const request = new Decoder(frame);
    const api = `${request.readInt16()} v${request.readInt16()}`;
    const answer = new Encoder().writeInt32(request.readInt32());
    if (request.readString() !== "tidemark") throw new WrongRequest("another client id");
    const isSasl = api === "17 v1" || api === "36 v0";
    if (!isSasl && cluster.user && !connection.isAuthenticated) return undefined;
    let fault: Fault = 0;
    if (api === "0 v7") fault = await produce(broker, request, answer);
    else if (api === "3 v4") metadata(request, answer);
    else if (api === "22 v1") initProducerId(request, answer);
    else if (api === "17 v1") {
      const isPlain = request.readString() === "PLAIN" && cluster.user !== undefined;
      answer
        .writeInt16(isPlain ? 0 : 33)
        .writeInt32(1)
        .writeString("PLAIN");
    } else if (api === "36 v0") {
      const { username, password } = cluster.user ?? {};
      connection.isAuthenticated = request.readBytes()?.toString() === `\0${username}\0${password}`;
      if (connection.isAuthenticated) answer.writeInt16(0).writeString(null);
      else answer.writeInt16(58).writeString("Authentication failed: Invalid username or password");
      answer.writeBytes(Buffer.alloc(0));
    } else throw new WrongRequest(`the request ${api}`);
    connection.requests.push(
      { 0: "Produce", 3: "Metadata", 22: "InitProducerId" }[Number(api.split(" ")[0])] ?? "SASL",
    );
    if (fault === "closed" || fault === "lost answer") return undefined;
    return fault === "no answer" ? fault : answer.buffer;
  };

  const listen = async (broker: number): Promise<string> => {
    const open = new Set<Socket>();
    sockets[broker] = open;
    const server = createServer((socket) => {
      open.add(socket);
      const connection = { broker, requests: [] as string[], isOpen: true, isAuthenticated: false };
      cluster.connections.push(connection);
      socket.on("close", () => {
        connection.isOpen = false;
        open.delete(socket);
      });
      socket.on("error", () => {});
      let received = Buffer.alloc(0);
      let turn = Promise.resolve();
      socket.on("data", (chunk: Buffer) => {
        if (cluster.frozen.has(broker)) return;
        received = Buffer.concat([received, chunk]);
        while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
          const end = 4 + received.readInt32BE(0);
          const frame = received.subarray(4, end);
          received = received.subarray(end);
          turn = turn.then(async () => {
            const answer = await respond(broker, connection, frame).catch((error) => {
              cluster.wrong.push(String(error));
              return undefined;
            });
            if (answer === undefined) return void socket.destroy();
            if (answer === "no answer") return;
            const length = Buffer.alloc(4);
            length.writeInt32BE(answer.length);
            // In two parts, so that the reader meets incomplete responses.
            socket.write(Buffer.concat([length, answer.subarray(0, 3)]));
            socket.write(answer.subarray(3));
          });
        }
      });
    });
    servers[broker] = server;
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return `127.0.0.1:${(server.address() as { port: number }).port}`;
  };
  const end = async (broker: number): Promise<void> => {
    const server = servers[broker] as Server;
    for (const socket of sockets[broker] ?? []) socket.destroy();
    if (!server.listening) return;
    server.close();
    await once(server, "close");
  };

  const cluster: FakeCluster & { wrong: string[] } = {
    brokers: [],
    partitions: Array.from({ length: partitionCount }, (_, index) => newPartition(index)),
    connections: [],
    faults: [],
    producerIdErrors: [],
    maxBatchBytes: 1_000_000,
    invalidText: undefined,
    user: undefined,
    frozen: new Set(),
    topicError: 0,
    wrong: [],
    addPartitions(count) {
      for (let added = 0; added < count; added++) cluster.partitions.push(newPartition(cluster.partitions.length));
    },
    async kill(broker) {
      await end(broker);
      for (const partition of cluster.partitions)
        if (partition.leader === broker) partition.leader = (broker + 1) % brokerCount;
    },
    records: () => cluster.partitions.flatMap(({ records }) => records),
    async stop() {
      for (const broker of servers.keys()) await end(broker);
      if (cluster.wrong.length > 0) throw new Error(`the cluster received wrong requests: ${cluster.wrong.join("; ")}`);
    },
  };
  for (let broker = 0; broker < brokerCount; broker++) cluster.brokers.push(await listen(broker));
  return cluster;
};
