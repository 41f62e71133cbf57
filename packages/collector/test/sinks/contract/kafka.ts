import { kafkaSink } from "../../../src/sinks/kafka/kafka-sink.ts";
import { kafka } from "../../../src/sinks/kafka/settings.ts";
import type { Sink } from "../../../src/sinks/sink.ts";
import { openNodeSocket, startFakeCluster } from "../kafka/fake-cluster.ts";
import { eventRecord } from "../kafka/records.ts";
import type { ContractMember } from "./contract-target.ts";

const USER = { username: "alice", password: "alice-secret" };

/** Code of a broker whose replicas are away. */
const NOT_ENOUGH_REPLICAS = 19;

/** A cluster of Kafka with one broker. */
export const kafkaMember: ContractMember = {
  name: "Kafka",
  secrets: ["KAFKA_PASSWORD"],
  refusedRecord: (seq) => eventRecord("refused", seq, { properties: { text: "invalid" } }),
  ...{ refusesAlone: true, failsAlone: false, asksForTime: false },
  async start() {
    const cluster = await startFakeCluster(1, 3);
    cluster.user = USER;
    const [username, passwordSecret] = [USER.username, "KAFKA_PASSWORD"];
    const settings = kafka({
      ...{ brokers: cluster.brokers, topic: "events", compression: "none" },
      sasl: { mechanism: "PLAIN", username, passwordSecret },
    });
    cluster.invalidText = '"text":"invalid"';
    return {
      sink: kafkaSink(settings, openNodeSocket) as Sink,
      env: { KAFKA_PASSWORD: USER.password },
      stored: () => cluster.records().map(({ headers }) => `${headers.ce_id}`),
      fail(fault) {
        cluster.frozen.clear();
        cluster.faults.length = 0;
        if (fault === "silent") cluster.frozen.add(0);
        // One of these for each request of the attempt.
        else if (fault === "lost answer") cluster.faults.push(fault, fault);
        else if (fault === "nonsense") cluster.faults.push(4242);
        else if (fault) cluster.faults.push(NOT_ENOUGH_REPLICAS);
      },
      stop: () => cluster.stop(),
    };
  },
};
