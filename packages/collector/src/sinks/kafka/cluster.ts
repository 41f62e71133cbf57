import { secretOf } from "../../access/keys.ts";
import type { SinkContext } from "../sink.ts";
import type { OpenSocket } from "./byte-socket.ts";
import { Connection } from "./connection.ts";
import { expectSuccess, KafkaError } from "./kafka-error.ts";
import { metadataRequest, type TopicMetadata } from "./requests/metadata.ts";
import type { KafkaRequest } from "./requests/request.ts";
import { authenticate } from "./sasl.ts";
import type { ScramCache } from "./scram.ts";
import { type BrokerAddress, type KafkaSettings, parseAddress } from "./settings.ts";

/** The environment and the end of one attempt. */
export type AttemptContext = Pick<SinkContext, "env" | "signal">;

const textOf = ({ host, port }: BrokerAddress): string => `${host}:${port}`;

/** The brokers of a topic. It keeps addresses and leaders, but no connection. */
export class Cluster {
  readonly #settings: KafkaSettings;
  readonly #open: OpenSocket;
  readonly #scramKeys: ScramCache = new Map();
  #metadata: TopicMetadata | undefined;
  /** UTC milliseconds of the metadata; 0 when they may be wrong. */
  #askedAt = 0;
  /** The broker that last answered a request that any broker can answer. */
  #lastAddress: BrokerAddress | undefined;

  constructor(settings: KafkaSettings, open: OpenSocket) {
    this.#settings = settings;
    this.#open = open;
  }

  /** The topic's leaders. @param maxAgeMs Age up to which known ones are returned. @throws KafkaError */
  async metadata(context: AttemptContext, maxAgeMs: number): Promise<TopicMetadata> {
    if (this.#metadata && this.knowsLeaders && Date.now() - this.#askedAt <= maxAgeMs) return this.#metadata;
    const { topic } = this.#settings;
    const metadata = await this.ask(context, metadataRequest(topic));
    expectSuccess(metadata.error, `topic ${topic}`);
    if (metadata.leaders.length === 0) throw new KafkaError(`topic ${topic}: it has no topic partitions`, "leader");
    this.#metadata = metadata;
    this.#askedAt = Date.now();
    return metadata;
  }

  /** Whether the leaders are known, and nothing shows that they have changed. */
  get knowsLeaders(): boolean {
    return this.#askedAt > 0;
  }

  /** Forgets the leaders, so that the next attempt asks for them. */
  forgetLeaders(): void {
    this.#askedAt = 0;
  }

  /** Sends a request to the first broker that answers. @throws KafkaError the last failure, if none answers. */
  async ask<Response>(context: AttemptContext, request: KafkaRequest<Response>): Promise<Response> {
    let failure: unknown;
    for (const address of this.#candidates()) {
      try {
        const response = await this.connected(context, address, (connection) => connection.request(request));
        this.#lastAddress = address;
        return response;
      } catch (error) {
        failure = error;
        // Other brokers refuse the same user, too.
        if (context.signal.aborted || (error instanceof KafkaError && error.reaction === "change")) break;
      }
    }
    throw failure;
  }

  /** Connects to a broker, authenticates, and closes the connection after its use. @throws KafkaError */
  async connected<T>(
    { env, signal }: AttemptContext,
    address: BrokerAddress,
    use: (connection: Connection) => Promise<T>,
  ): Promise<T> {
    const { sasl, tls = false } = this.#settings;
    const password = sasl && secretOf(env, sasl.passwordSecret);
    if (sasl && password === undefined)
      throw new KafkaError(
        `the secret ${sasl.passwordSecret} is not set: set it, or correct sasl.passwordSecret`,
        "change",
      );
    const connection = await Connection.open(this.#open, address, tls, signal);
    try {
      if (sasl && password !== undefined) await authenticate(connection, sasl, password, this.#scramKeys);
      return await use(connection);
    } finally {
      connection.close();
    }
  }

  /** All known addresses, in the order in which they are tried. */
  #candidates(): BrokerAddress[] {
    const configured = this.#settings.brokers.flatMap((text) => parseAddress(text) ?? []);
    const last = this.#lastAddress ? [this.#lastAddress] : [];
    const all = [...last, ...configured, ...(this.#metadata?.brokers.values() ?? [])];
    return [...new Map(all.map((address) => [textOf(address), address])).values()];
  }
}
