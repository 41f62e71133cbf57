import { expectSuccess } from "../kafka-error.ts";
import { type KafkaRequest, RESPONSE_MS } from "./request.ts";

/** A producer that brokers know. */
export interface ProducerId {
  producerId: bigint;
  producerEpoch: number;
}

/** Asks for the id of a new producer without transactions. */
export const initProducerIdRequest = (): KafkaRequest<ProducerId> => ({
  name: "InitProducerId",
  apiKey: 22,
  apiVersion: 1,
  timeoutMs: RESPONSE_MS,
  write(writer) {
    const [transactionalId, transactionTimeoutMs] = [null, 60_000];
    writer.text(transactionalId).int32(transactionTimeoutMs);
  },
  read(reader) {
    reader.int32(); // throttle time
    expectSuccess(reader.int16(), "the request for a producer id");
    return { producerId: reader.int64(), producerEpoch: reader.int16() };
  },
});
