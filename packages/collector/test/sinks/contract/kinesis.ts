import { createKinesisSink } from "../../../src/sinks/kinesis/create-kinesis-sink.ts";
import { AWS_ENV, AWS_SETTINGS } from "../aws/signature.ts";
import { eventRecord } from "../kafka/records.ts";
import { fakeKinesis, kinesisError } from "../kinesis/fake-kinesis.ts";
import type { ContractMember } from "./contract-target.ts";
import { type HttpFake, startHttpTarget } from "./http-target.ts";

/** The stream `events`, which stores whatever it gets. */
export const createKinesisTarget = (): HttpFake & { failOnce(id: string): void } => {
  const kinesis = fakeKinesis();
  return {
    respond: kinesis.fetch,
    unavailable: () => kinesisError("ServiceUnavailableException", "the message", 503),
    stored: () => kinesis.records.map(({ text }) => JSON.parse(text).id),
    failOnce: (id) => kinesis.failing.set(`"id":"${id}"`, "ProvisionedThroughputExceededException"),
  };
};

/** A data stream of Kinesis. */
export const kinesisMember: ContractMember = {
  name: "Kinesis",
  secrets: Object.keys(AWS_ENV),
  refusedRecord: (seq) => eventRecord("refused", seq, { properties: { text: "x".repeat(1_100_000) } }),
  ...{ refusesAlone: true, failsAlone: true, asksForTime: true, isRepeating: true },
  async start() {
    const target = createKinesisTarget();
    const server = await startHttpTarget(target);
    const settings = { stream: "events", region: "eu-central-1", endpoint: server.origin, ...AWS_SETTINGS };
    return { ...target, ...server, sink: createKinesisSink(settings), env: AWS_ENV };
  },
};
