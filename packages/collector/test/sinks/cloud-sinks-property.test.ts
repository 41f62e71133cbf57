import { eventColumns } from "@tidemark/schema/log";
import fc from "fast-check";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createBigQuerySink } from "../../src/sinks/bigquery/bigquery-sink.ts";
import { createSnowpipeSink, type SnowpipeState } from "../../src/sinks/snowpipe/snowpipe-sink.ts";
import { FakeBigQuery } from "./bigquery/fake-bigquery.ts";
import { DeliveryRig } from "./delivery-rig.ts";
import { eventsFrom } from "./event-records.ts";
import { fetchOf } from "./serve-fake.ts";
import { type KeyPair, newKeyPair } from "./signed-claims.ts";
import { FakeSnowpipe } from "./snowpipe/fake-snowpipe.ts";

let key: KeyPair;

beforeAll(async () => {
  key = await newKeyPair();
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** Faults of requests and moments of crashes, in turn; none after the end. */
const misfortunes = fc.record({
  faults: fc.array(fc.constantFrom("lose request", "lose answer", undefined, undefined), { maxLength: 30 }),
  commits: fc.array(fc.boolean(), { maxLength: 30 }),
  crashes: fc.array(fc.constantFrom(true, false, false), { maxLength: 20 }),
  cuts: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 }),
});

const deliverAll = async (rig: DeliveryRig<never>, cuts: readonly number[]): Promise<number[]> => {
  let first = 1;
  for (const count of cuts) {
    await rig.deliver(eventsFrom(first, count));
    first += count;
  }
  return Array.from({ length: first - 1 }, (_, index) => index + 1);
};

describe("crashes, lost requests and lost answers, in any order", () => {
  it("lose no record of Snowpipe Streaming, and store none twice", { timeout: 60_000 }, () =>
    fc.assert(
      fc.asyncProperty(misfortunes, async ({ faults, commits, crashes, cuts }) => {
        const fake = new FakeSnowpipe(key, eventColumns);
        vi.spyOn(globalThis, "fetch").mockImplementation(fetchOf(fake));
        fake.fault = () => {
          // Rows may be committed at any moment.
          if (commits.shift()) fake.commit();
          return faults.shift();
        };
        const settings = {
          ...{ account: "myorg-account1", user: "tidemark", privateKeySecret: "KEY", url: fake.url },
          ...{ database: "SHOP", schema: "TIDEMARK_SHOP", pipe: "EVENT_FILES-STREAMING" },
        };
        const timing = { pollMs: 0, longestPollMs: 0, commitMs: 50, reopenMs: 60_000 };
        const rig = new DeliveryRig<SnowpipeState>(
          () => createSnowpipeSink(settings, { sink: "snow", features: [] }, timing),
          { KEY: key.pem },
        );
        rig.crashes = () => crashes.shift() === true;
        const offsets = await deliverAll(rig as DeliveryRig<never>, cuts);
        expect(fake.table.map(({ OFFSET }) => OFFSET)).toEqual(offsets);
        expect(fake.violations).toEqual([]);
        expect(rig.uncertain).toBe(0);
      }),
      { numRuns: 150 },
    ),
  );

  it("lose no record of BigQuery, and store none twice within a minute", { timeout: 60_000 }, () =>
    fc.assert(
      fc.asyncProperty(misfortunes, async ({ faults, crashes, cuts }) => {
        const fake = new FakeBigQuery(key, eventColumns);
        vi.spyOn(globalThis, "fetch").mockImplementation(fetchOf(fake));
        fake.fault = () => faults.shift();
        const settings = {
          ...{ project: "shop-analytics", dataset: "tidemark_shop", table: "event_files", url: fake.url },
          credentialsSecret: "KEY",
        };
        const rig = new DeliveryRig(() => createBigQuerySink(settings, { sink: "warehouse", features: [] }), {
          KEY: fake.credentials,
        });
        rig.crashes = () => crashes.shift() === true;
        const offsets = await deliverAll(rig as DeliveryRig<never>, cuts);
        expect(fake.table.map(({ offset }) => offset)).toEqual(offsets);
        expect(fake.violations).toEqual([]);
      }),
      { numRuns: 150 },
    ),
  );
});
