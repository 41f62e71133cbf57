import type { BrokerAddress } from "./settings.ts";

/** An open connection over TCP. */
export interface ByteSocket {
  readable: ReadableStream<Uint8Array>;
  writable: WritableStream<Uint8Array>;
  /** Closes both streams. */
  close(): Promise<unknown>;
}

/** Connects to a host, by TLS or without. Rejects if the host cannot be reached. */
export type OpenSocket = (address: BrokerAddress, tls: boolean) => Promise<ByteSocket>;
