import { ByteReader } from "./byte-reader.ts";
import type { ByteSocket, OpenSocket } from "./byte-socket.ts";
import { ByteWriter } from "./byte-writer.ts";
import { KafkaError } from "./kafka-error.ts";
import { type KafkaRequest, RESPONSE_MS } from "./requests/request.ts";
import type { BrokerAddress } from "./settings.ts";

/** Name of the program in the broker's logs and quotas. */
const CLIENT_ID = "tidemark";

/** Largest response, in bytes. The largest one is the metadata of a topic with thousands of partitions. */
const MAX_RESPONSE_BYTES = 4_194_304;

/** Returns a promise's value, or rejects when its time or that of the attempt is over. */
const inTime = async <T>(promise: Promise<T>, ms: number, attempt: AbortSignal, subject: string): Promise<T> => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let onAbort = () => {};
  const over = new Promise<never>((_, reject) => {
    const end = (reason: string) => reject(new KafkaError(`${subject}: ${reason}`, "leader"));
    timer = setTimeout(() => end(`no answer within ${ms} ms`), ms);
    onAbort = () => end("no answer within the time of the attempt");
    if (attempt.aborted) onAbort();
    attempt.addEventListener("abort", onAbort);
  });
  try {
    return await Promise.race([over, promise]);
  } finally {
    // A timer that is left keeps a Durable Object in memory.
    clearTimeout(timer);
    attempt.removeEventListener("abort", onAbort);
  }
};

/** A connection to a broker, with one request at a time. After a failure it is of no use. */
export class Connection {
  readonly #title: string;
  readonly #socket: ByteSocket;
  readonly #signal: AbortSignal;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  /** Received bytes that no response has taken. */
  #received: Uint8Array = new Uint8Array();
  #requests = 0;

  private constructor(title: string, socket: ByteSocket, signal: AbortSignal) {
    this.#title = title;
    this.#socket = socket;
    this.#signal = signal;
    this.#reader = socket.readable.getReader();
    this.#writer = socket.writable.getWriter();
  }

  /** Connects to a broker. @param signal Ends the connection's use. @throws KafkaError */
  static async open(open: OpenSocket, address: BrokerAddress, tls: boolean, signal: AbortSignal): Promise<Connection> {
    const title = `broker ${address.host}:${address.port}`;
    const opening = open(address, tls);
    try {
      return new Connection(title, await inTime(opening, RESPONSE_MS, signal, `${title}: the connection`), signal);
    } catch (error) {
      opening.then((late) => late.close()).catch(() => {});
      if (error instanceof KafkaError) throw error;
      const text = `${title}: the connection failed (${(error as Error).message}); check the address, and the setting tls`;
      throw new KafkaError(text, "leader");
    }
  }

  /** Sends a request, and waits for its response. @throws KafkaError */
  async request<Response>(request: KafkaRequest<Response>): Promise<Response> {
    const { name, timeoutMs } = request;
    try {
      return await inTime(this.#exchange(request), timeoutMs, this.#signal, `${this.#title}: ${name}`);
    } catch (error) {
      if (error instanceof KafkaError) throw error;
      throw new KafkaError(`${this.#title}: ${name} failed (${(error as Error).message})`, "leader");
    }
  }

  /** Closes the connection. */
  close(): void {
    // In the Workers runtime, a socket whose writer was aborted never closes.
    this.#socket.close().catch(() => {});
  }

  async #exchange<Response>({ apiKey, apiVersion, write, read }: KafkaRequest<Response>): Promise<Response> {
    const id = ++this.#requests;
    const frame = new ByteWriter().int32(0).int16(apiKey).int16(apiVersion).int32(id).text(CLIENT_ID);
    write(frame);
    frame.replaceInt32(0, frame.length - 4);
    await this.#writer.write(frame.written);
    const length = new ByteReader(await this.#take(4)).int32();
    if (length < 4 || length > MAX_RESPONSE_BYTES)
      throw new Error("the response is not one of Kafka; check the setting tls");
    const response = new ByteReader(await this.#take(length));
    if (response.int32() !== id) throw new Error("the response is one of another request");
    return read(response);
  }

  /** Takes the next bytes. */
  async #take(count: number): Promise<Uint8Array> {
    const chunks = [this.#received];
    let length = this.#received.length;
    while (length < count) {
      const { value, done } = await this.#reader.read();
      if (done) throw new Error("the broker closed the connection; check the settings tls and sasl");
      chunks.push(value);
      length += value.length;
    }
    const all = chunks.length === 1 ? this.#received : new Uint8Array(length);
    if (chunks.length > 1) {
      let at = 0;
      for (const chunk of chunks) {
        all.set(chunk, at);
        at += chunk.length;
      }
    }
    this.#received = all.subarray(count);
    return all.subarray(0, count);
  }
}
