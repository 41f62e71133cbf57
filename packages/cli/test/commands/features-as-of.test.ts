import { versionOf } from "@tidemark/collector/definition-version";
import { entityEngine, type LoggedEvent, replay } from "@tidemark/engine";
import { defaultFeatures, type Feature, type FeatureSet } from "@tidemark/schema";
import { featuresOf } from "@tidemark/schema/entities";
import { describe, expect, it } from "vitest";
import { HOUR_MS, logOf, type TestRecord } from "../log/log-records.ts";
import { ADMIN_KEY, serveLog } from "../log/log-server.ts";
import { configWith, deploymentFolder, runTidemark } from "../log/run-tidemark.ts";

const label = { name: "label", field: "name" } as const;
const features = [
  ...defaultFeatures,
  {
    ...{ name: "label_events", description: "Events.", unit: "count", entity: label, source: "custom" },
    ...{ aggregate: { type: "count" }, window: { type: "lifetime" } },
  },
] as unknown as Feature[];
const set: FeatureSet = { name: "reading", version: 3, entity: "page", features: ["page_views"] };
const config = configWith(JSON.stringify(features)).replace(
  "  features:",
  `  featureSets: ${JSON.stringify([set])},\n  features:`,
);

const records = logOf({ features });
const events = records.filter(({ kind }) => kind === "event");
const eventOf = ({ event }: TestRecord): LoggedEvent => event as LoggedEvent;

/** The features at a moment, by a replay of the events that had been received by then, in the order of arrival. */
const expectedOf = (entity: string, id: string, at: number) => {
  const received = events
    .filter(({ received_at }) => received_at <= at)
    .sort((one, other) => one.received_at - other.received_at)
    .map(eventOf);
  const ofEntity = replay(received, features).find((each) => each.entity === entity && each.id === id);
  if (!ofEntity) return undefined;
  const own = featuresOf(features, entity);
  const { engine } = entityEngine(own[0]?.entity ?? "session", own);
  const { event_time, late, too_late } = ofEntity.state;
  return { event_time, late, too_late, features: engine.vector(ofEntity.state, Math.max(at, event_time ?? 0)) };
};

/** Runs the command on the log, of which a half is in files. */
const run = async (...args: string[]) => {
  const server = await serveLog(records);
  await server.cut(Math.floor(records.length / 2));
  return runTidemark(deploymentFolder(config), ["features", "as-of", ...args, "--url", server.url], {
    TIDEMARK_ADMIN_KEY: ADMIN_KEY,
  });
};

const firstOf = (isWanted: (event: LoggedEvent) => unknown): LoggedEvent =>
  eventOf(events.find((each) => isWanted(eventOf(each))) as TestRecord);
const { session_id } = firstOf(({ user_id }) => user_id);
const path = firstOf(({ view }) => view).view?.path as string;
const custom = firstOf(({ type }) => type === "custom") as unknown as { name: string };
const END = Math.max(...events.map(({ received_at }) => received_at)) + HOUR_MS;
/** A moment within the fourth session, of the same user as the first. */
const MIDDLE = (events.filter((each) => each.partition === 1)[121] as TestRecord).received_at;

describe("tidemark features as-of", () => {
  it.each([
    ["session", session_id, (events[60] as TestRecord).received_at],
    ["user", "user-0", MIDDLE],
    ["page", path, MIDDLE],
    ["page", path, END],
    ["label", custom.name, END],
  ])("prints the features of %s %s at %d as they were, with the freshness", async (entity, id, at) => {
    const { code, stderr, json } = await run(entity, id, "--at", new Date(at).toISOString(), "--json");
    expect([code, stderr]).toEqual([0, ""]);
    const expected = expectedOf(entity, id, at);
    expect(json()).toEqual([
      {
        ...{ entity, id, as_of: at, ...expected, watermark: (expected?.event_time ?? 0) - 5_000 },
        ...{ age_ms: at - (expected?.event_time ?? 0), definition_version: versionOf(features) },
      },
    ]);
  });

  it("prints a set as a table, and says which sessions are not complete", async () => {
    const server = await serveLog(records.filter((each) => each !== events.find((event) => event.arrival === 1)));
    const { code, stdout, stderr } = await runTidemark(
      deploymentFolder(config),
      ["features", "as-of", "page", path, "--at", `${END}`, "--set", "reading", "--url", server.url],
      { TIDEMARK_ADMIN_KEY: ADMIN_KEY },
    );
    expect([code, stdout.split("\n")[0]]).toEqual([
      0,
      expect.stringMatching(
        new RegExp(`^page ${path} at ${new Date(END).toISOString()}, \\d+ ms after its latest event.$`),
      ),
    ]);
    expect(stdout).toMatch(/^page_views +\d+$/m);
    expect(stdout).not.toContain("engaged");
    expect(stderr).toContain("does not have the first records of 1 of its sessions");
  });

  it.each([
    [["user", "nobody", "--at", "2026-11-29"], 1, 'has no event of user "nobody" by 2026-11-29T00:00:00.000Z'],
    [["user", "ann"], 2, "needs --at"],
    [["user", "--at", "2026-11-29"], 2, "two arguments"],
    [["user", "ann", "--at", "yesterday"], 2, "--at expects a date or a time"],
    [["team", "ann", "--at", "2026-11-29"], 1, 'No feature is defined for "team"; expected one of session'],
    [["user", "ann", "--at", "2026-11-29", "--set", "reading"], 1, "reading is a set of page"],
  ])("says what is wrong: %j", async (args, code, message) => {
    const outcome = await run(...args);
    expect([outcome.code, outcome.stderr]).toEqual([code, expect.stringContaining(message)]);
  });
});
