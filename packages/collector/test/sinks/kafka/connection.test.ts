import { afterEach, describe, expect, it, vi } from "vitest";
import type { ByteSocket } from "../../../src/sinks/kafka/byte-socket.ts";
import { Connection } from "../../../src/sinks/kafka/connection.ts";
import { initProducerIdRequest } from "../../../src/sinks/kafka/requests/init-producer-id.ts";
import { metadataRequest } from "../../../src/sinks/kafka/requests/metadata.ts";
import { Encoder } from "./kafkajs-codec.ts";

const ADDRESS = { host: "broker", port: 9092 };
const never = new AbortController().signal;

afterEach(() => void vi.useRealTimers());

/** A socket whose broker sends these chunks after the first request, and then closes if it is to. */
const socketWith = (chunks: readonly Uint8Array[], closes = false) => {
  const incoming = new TransformStream<Uint8Array, Uint8Array>();
  const answering = incoming.writable.getWriter();
  const sent: Uint8Array[] = [];
  const close = vi.fn(async () => {});
  const answer = async () => {
    for (const chunk of chunks) await answering.write(chunk);
    if (closes) await answering.close();
  };
  const writable = new WritableStream<Uint8Array>({
    write(chunk) {
      if (sent.push(chunk.slice()) === 1) void answer().catch(() => {});
    },
  });
  return { sent, close, socket: { readable: incoming.readable, writable, close } as ByteSocket };
};

const connectionTo = (socket: ByteSocket, signal = never) =>
  Connection.open(async () => socket, ADDRESS, false, signal);

/** A response with its length. */
const frame = (encoder: Encoder): Buffer => new Encoder().writeBytes(encoder.buffer).buffer;

const producerAnswer = (id = 1) =>
  frame(new Encoder().writeInt32(id).writeInt32(0).writeInt16(0).writeInt64("77").writeInt16(3));

const bytesOf = (buffer: Buffer): Buffer[] => [...buffer].map((byte) => Buffer.from([byte]));

describe("a connection to a broker", () => {
  it("reads responses that arrive byte by byte, and two that arrive together", async () => {
    for (const chunks of [
      [...bytesOf(producerAnswer(1)), ...bytesOf(producerAnswer(2))],
      [Buffer.concat([producerAnswer(1), producerAnswer(2)])],
    ]) {
      const connection = await connectionTo(socketWith(chunks).socket);
      for (let request = 0; request < 2; request++)
        expect(await connection.request(initProducerIdRequest())).toEqual({ producerId: 77n, producerEpoch: 3 });
    }
  });

  it("sends a request at once, with its length", async () => {
    const { socket, sent } = socketWith([producerAnswer()]);
    await (await connectionTo(socket)).request(initProducerIdRequest());
    const body = new Encoder().writeInt16(22).writeInt16(1).writeInt32(1).writeString("tidemark");
    expect(sent.map((each) => Buffer.from(each))).toEqual([frame(body.writeString(null).writeInt32(60_000))]);
  });

  it.each([
    ["closed before the response", [], true, "the broker closed the connection; check the settings tls and sasl"],
    ["closed in the response", [producerAnswer().subarray(0, 9)], true, "the broker closed the connection"],
    ["with an alert of TLS", [Buffer.from([21, 3, 3, 0, 2, 2, 40])], false, "the response is not one of Kafka; check"],
    ["with a response of HTTP", [Buffer.from("HTTP/1.1 400 Bad Request")], false, "the response is not one of Kafka"],
    ["with the response to another request", [producerAnswer(9)], false, "the response is one of another request"],
    [
      "with a response that is too short",
      [frame(new Encoder().writeInt32(1).writeInt16(0))],
      false,
      "InitProducerId failed",
    ],
  ])("has an error of a connection %s", async (_, chunks, closes, message) => {
    const connection = await connectionTo(socketWith(chunks, closes).socket);
    await expect(connection.request(initProducerIdRequest())).rejects.toThrow(message);
  });

  it("has an error for a text that is longer than its response", async () => {
    const answer = new Encoder().writeInt32(1).writeInt32(0).writeInt32(1).writeInt32(1).writeInt16(3_000);
    const connection = await connectionTo(socketWith([frame(answer)]).socket);
    await expect(connection.request(metadataRequest("t"))).rejects.toThrow("shorter than its lengths say");
  });

  it("leaves no timer after a response", async () => {
    vi.useFakeTimers();
    const connection = await connectionTo(socketWith([producerAnswer()]).socket);
    await connection.request(initProducerIdRequest());
    expect(vi.getTimerCount()).toBe(0);
  });

  it("waits for a response no longer than the request may take", async () => {
    vi.useFakeTimers();
    const connection = await connectionTo(socketWith([]).socket);
    const requesting = connection.request(initProducerIdRequest());
    const failing = expect(requesting).rejects.toThrow("broker broker:9092: InitProducerId: no answer within 5000 ms");
    await vi.advanceTimersByTimeAsync(5_000);
    await failing;
  });

  it("closes a connection that opens too late", async () => {
    vi.useFakeTimers();
    const { socket, close } = socketWith([]);
    let resolve: (socket: ByteSocket) => void = () => {};
    const opened = new Promise<ByteSocket>((resolveOpened) => {
      resolve = resolveOpened;
    });
    const opening = Connection.open(() => opened, ADDRESS, true, never);
    const failing = expect(opening).rejects.toThrow("the connection: no answer within 5000 ms");
    await vi.advanceTimersByTimeAsync(5_000);
    await failing;
    resolve(socket);
    await vi.waitFor(() => expect(close).toHaveBeenCalled());
  });

  it("has an error at once when the attempt is over", async () => {
    await expect(connectionTo(socketWith([]).socket, AbortSignal.abort())).rejects.toThrow(
      "broker broker:9092: the connection: no answer within the time of the attempt",
    );
  });
});
