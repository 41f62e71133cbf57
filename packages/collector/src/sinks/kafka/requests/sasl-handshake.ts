import { describe } from "../error-codes.ts";
import { KafkaError } from "../kafka-error.ts";
import { type KafkaRequest, RESPONSE_MS } from "./request.ts";

/** Chooses the mechanism of SASL. @throws KafkaError that names the broker's mechanisms if it has not this one. */
export const saslHandshakeRequest = (mechanism: string): KafkaRequest<void> => ({
  name: "SaslHandshake",
  apiKey: 17,
  apiVersion: 1,
  timeoutMs: RESPONSE_MS,
  write: (writer) => writer.text(mechanism),
  read(reader) {
    const error = reader.int16();
    const mechanisms = reader.array(() => reader.text());
    if (error !== 0)
      throw new KafkaError(
        describe(error, `SASL by ${mechanism}`, `the broker has ${mechanisms.join(", ")}`),
        "change",
      );
  },
});
