import { eventColumns } from "@tidemark/schema/log";
import type { Sink } from "../../../src/sinks/sink.ts";
import { createSnowpipeSink } from "../../../src/sinks/snowpipe/snowpipe-sink.ts";
import { eventRecord } from "../kafka/records.ts";
import { type KeyPair, newKeyPair } from "../signed-claims.ts";
import { FakeSnowpipe } from "../snowpipe/fake-snowpipe.ts";
import type { ContractMember } from "./contract-target.ts";
import { type HttpFake, startHttpTarget } from "./http-target.ts";

const TIMING = { pollMs: 1, longestPollMs: 2, commitMs: 200, reopenMs: 60_000 };

/** The pipe `EVENT_FILES-STREAMING`. */
export const createSnowpipeTarget = (key: KeyPair) => {
  const fake = new FakeSnowpipe(key, eventColumns);
  const target: HttpFake = {
    async respond(request) {
      const response = await fake.handle(request);
      if (fake.violations.length > 0) throw new Error(fake.violations.join("; "));
      return response;
    },
    unavailable: () => Response.json({ code: "SERVICE_UNAVAILABLE", message: "the message" }, { status: 503 }),
    stored: () => {
      // Appended rows are committed sooner or later.
      fake.commit();
      return fake.table.map(({ SESSION_ID, TAB_ID, SEQ }) => `${SESSION_ID}/${TAB_ID}/${SEQ}`);
    },
  };
  return { ...target, fake };
};

/** A pipe of Snowflake. Snowflake only counts the rows that it rejects, so the sink refuses a record that no row can hold. */
export const snowpipeMember: ContractMember = {
  name: "Snowpipe Streaming",
  secrets: ["SNOWFLAKE_KEY"],
  refusedRecord: (seq) => eventRecord("refused", seq, { time: "never" }),
  ...{ refusesAlone: true, failsAlone: false, asksForTime: true },
  async start() {
    const key = await newKeyPair();
    const { fake, ...target } = createSnowpipeTarget(key);
    const server = await startHttpTarget(target);
    fake.url = server.origin;
    const settings = {
      ...{ account: "myorg-account1", user: "tidemark", privateKeySecret: "SNOWFLAKE_KEY", url: server.origin },
      ...{ database: "SHOP", schema: "TIDEMARK_SHOP", pipe: "EVENT_FILES-STREAMING" },
    };
    const sink = createSnowpipeSink(settings, { sink: "snow", features: [] }, TIMING) as Sink;
    return { ...target, ...server, sink, env: { SNOWFLAKE_KEY: key.pem } };
  },
};
