import { expectSuccess } from "../kafka-error.ts";
import { type KafkaRequest, RESPONSE_MS } from "./request.ts";

/** Sends a message of a mechanism of SASL. The response has the broker's message. @param subject The authentication, for errors. */
export const saslAuthenticateRequest = (message: Uint8Array, subject: string): KafkaRequest<Uint8Array> => ({
  name: "SaslAuthenticate",
  apiKey: 36,
  apiVersion: 0,
  timeoutMs: RESPONSE_MS,
  write: (writer) => writer.bytes(message),
  read(reader) {
    expectSuccess(reader.int16(), subject, reader.text());
    return reader.bytes();
  },
});
