import type { BrokerAddress } from "../settings.ts";
import { type KafkaRequest, RESPONSE_MS } from "./request.ts";

/** The brokers of a cluster, and the leaders of one topic. */
export interface TopicMetadata {
  /** Id of the cluster. Empty if the brokers have none. */
  clusterId: string;
  /** Addresses of the brokers by their ids. */
  brokers: ReadonlyMap<number, BrokerAddress>;
  /** Error code of the topic. */
  error: number;
  /** Ids of the leaders by topic partition; -1 for a topic partition without a leader. */
  leaders: readonly number[];
}

/** Asks for the leaders of a topic. It does not create the topic. */
export const metadataRequest = (topic: string): KafkaRequest<TopicMetadata> => ({
  name: "Metadata",
  apiKey: 3,
  apiVersion: 4,
  timeoutMs: RESPONSE_MS,
  write(writer) {
    const allowAutoTopicCreation = 0;
    writer.array([topic], (name) => writer.text(name)).int8(allowAutoTopicCreation);
  },
  read(reader) {
    reader.int32(); // throttle time
    const brokers = reader.array(() => {
      const id = reader.int32();
      const address = { host: reader.text() ?? "", port: reader.int32() };
      reader.text(); // rack
      return [id, address] as const;
    });
    const clusterId = reader.text() ?? "";
    reader.int32(); // controller id
    const topics = reader.array(() => {
      const error = reader.int16();
      reader.text(); // name
      reader.int8(); // whether the topic is internal
      const partitions = reader.array(() => {
        reader.int16(); // error; a topic partition without a leader has the leader -1
        const [index, leader] = [reader.int32(), reader.int32()];
        reader.array(() => reader.int32()); // replicas
        reader.array(() => reader.int32()); // replicas in sync
        return { index, leader };
      });
      return { error, leaders: partitions.toSorted((a, b) => a.index - b.index).map(({ leader }) => leader) };
    });
    return { clusterId, brokers: new Map(brokers), ...(topics[0] ?? { error: 3, leaders: [] }) };
  },
});
