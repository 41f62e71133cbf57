import { eventColumns } from "@tidemark/schema/log";
import { createBigQuerySink } from "../../../src/sinks/bigquery/bigquery-sink.ts";
import { FakeBigQuery } from "../bigquery/fake-bigquery.ts";
import { eventRecord } from "../kafka/records.ts";
import { type KeyPair, newKeyPair } from "../signed-claims.ts";
import type { ContractMember } from "./contract-target.ts";
import { type HttpFake, startHttpTarget } from "./http-target.ts";

/** The table `event_files`, which accepts no record of the session `refused`. */
export const createBigQueryTarget = (key: KeyPair) => {
  const fake = new FakeBigQuery(key, eventColumns);
  const failing = new Set<string>();
  fake.rowFault = (id) => {
    if (failing.delete(id)) return { reason: "backendError", message: "the message" };
    return id.startsWith("refused/") ? { reason: "invalid", message: "the message" } : undefined;
  };
  const target: HttpFake = {
    async respond(request) {
      const response = await fake.handle(request);
      if (fake.violations.length > 0) throw new Error(fake.violations.join("; "));
      return response;
    },
    unavailable: () =>
      Response.json(
        { error: { code: 503, message: "the message", errors: [{ reason: "backendError" }] } },
        { status: 503 },
      ),
    stored: () => fake.table.map(({ session_id, tab_id, seq }) => `${session_id}/${tab_id}/${seq}`),
  };
  return { ...target, fake, failOnce: (id: string) => void failing.add(id) };
};

/** A table of BigQuery. */
export const bigQueryMember: ContractMember = {
  name: "BigQuery",
  secrets: ["BIGQUERY_CREDENTIALS"],
  refusedRecord: (seq) => eventRecord("refused", seq),
  ...{ refusesAlone: true, failsAlone: true, asksForTime: true },
  async start() {
    const { fake, ...target } = createBigQueryTarget(await newKeyPair());
    const server = await startHttpTarget(target);
    fake.url = server.origin;
    const settings = {
      ...{ project: "shop-analytics", dataset: "tidemark_shop", table: "event_files", url: server.origin },
      credentialsSecret: "BIGQUERY_CREDENTIALS",
    };
    const sink = createBigQuerySink(settings, { sink: "warehouse", features: [] });
    return { ...target, ...server, sink, env: { BIGQUERY_CREDENTIALS: fake.credentials } };
  },
};
