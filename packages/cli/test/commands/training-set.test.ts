import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { servedSet } from "@tidemark/collector/definition-version";
import { asOf, type LoggedEvent, type SpineRow } from "@tidemark/engine";
import {
  defaultFeatures,
  type Feature,
  type FeatureSet,
  type FeatureValue,
  type Goal,
  goalFeatures,
  valueKindsOf,
} from "@tidemark/schema";
import { describe, expect, it } from "vitest";
import { BEGIN, eventsOf, HOUR_MS, logOf, type TestRecord } from "../log/log-records.ts";
import { ADMIN_KEY, serveLog } from "../log/log-server.ts";
import { configWith, deploymentFolder, type Outcome, runTidemark } from "../log/run-tidemark.ts";

const clicked: Goal = { name: "clicked", source: "click", where: [{ field: "button", is: "eq", value: 0 }], value: 2 };
const bought: Goal = { name: "bought", source: "custom", value: "properties.price" };
const features: readonly Feature[] = [...defaultFeatures, ...goalFeatures([clicked, bought])];

const setOf = (entity: string): FeatureSet => ({
  ...{ name: `all_of_${entity}`, version: 1, entity },
  features: features.filter((feature) => feature.entity === entity).map(({ name }) => name),
});
const sets = ["session", "user", "page"].map(setOf);

/** A model of which a set has the prediction. */
const buys = {
  ...{ name: "buys", version: 1, set: "all_of_session:1", when: "on_change" },
  runs: { type: "http", url: "https://models.example/buys", response: "score" },
};
const chained = { name: "chained", version: 1, entity: "session", features: ["prediction.buys"] };

const config = configWith(JSON.stringify(features)).replace(
  "  features:",
  `  goals: ${JSON.stringify([clicked, bought])},\n  featureSets: ${JSON.stringify([...sets, chained])},\n  models: ${JSON.stringify([buys])},\n  features:`,
);

const records = logOf({ features: defaultFeatures });
const events = eventsOf(records);

/** A row of a training set. */
type Row = Record<string, unknown>;

const readRows = async (path: string): Promise<Row[]> => {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll(`FROM read_parquet('${path}')`)).getRowObjectsJS();
  instance.closeSync();
  return rows;
};

interface TrainingSet {
  rows: Row[];
  summary: Record<string, unknown>;
  columns: Record<string, unknown>[];
}

/** Runs `tidemark training-set` over a log, of which a half is in files. */
const run = async (
  log: readonly TestRecord[],
  labels: string | undefined,
  ...args: string[]
): Promise<Outcome & { folder: string }> => {
  const server = await serveLog(log);
  await server.cut(Math.floor(log.length / 2));
  const folder = deploymentFolder(config);
  if (labels !== undefined) writeFileSync(join(folder, "labels.csv"), labels);
  const from = labels === undefined ? [] : ["--labels", "labels.csv"];
  const outcome = await runTidemark(
    folder,
    ["training-set", "--out", "out.parquet", "--url", server.url, ...from, ...args],
    { TIDEMARK_ADMIN_KEY: ADMIN_KEY },
  );
  return { ...outcome, folder };
};

const train = async (
  log: readonly TestRecord[],
  labels: string | undefined,
  ...args: string[]
): Promise<TrainingSet> => {
  const outcome = await run(log, labels, "--json", ...args);
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
  const [summary = {}, ...columns] = outcome.json();
  return { rows: await readRows(join(outcome.folder, "out.parquet")), summary, columns };
};

const csvOf = (rows: readonly { id: string; as_of: number }[]): string =>
  `id,as_of,churned\n${rows.map(({ id, as_of }, index) => `"${id}",${new Date(as_of).toISOString()},${index % 2 === 0}\n`).join("")}`;

const fileValue = (value: FeatureValue | undefined) =>
  value === undefined || value === null ? null : Array.isArray(value) ? JSON.stringify(value) : value;

const SHIFTS = [0, 1, -30_000, 4_000, 3 * HOUR_MS];

/** Moments before, between, at and after the events of all entities. */
const spineOf = (entity: string): SpineRow[] => {
  const idOf = {
    session: ({ session_id }: LoggedEvent) => session_id,
    user: ({ user_id, anonymous_id }: LoggedEvent) => user_id ?? anonymous_id,
    page: ({ view }: LoggedEvent) => view?.path,
  }[entity] as (event: LoggedEvent) => string | undefined;
  return events.flatMap((event, index) => {
    const id = idOf(event);
    if (index % 7 !== 0 || id === undefined) return [];
    return [{ entity, id, as_of: event.time + (SHIFTS[index % SHIFTS.length] as number) }];
  });
};

describe("tidemark training-set", () => {
  it.each(["session", "user", "page"])(
    "has the features of a %s as of each label, as the engine has them",
    async (entity) => {
      const spine = spineOf(entity);
      expect(spine.length).toBeGreaterThan(30);
      const vectors = asOf(events, features, spine);
      const { rows, summary } = await train(records, csvOf(spine), "--set", `all_of_${entity}`);
      expect(rows.map(({ id, as_of, event_time: _, churned, ...values }) => ({ id, as_of, churned, values }))).toEqual(
        spine.map(({ id, as_of }, index) => ({
          ...{ id, as_of: new Date(as_of), churned: index % 2 === 0 },
          values: Object.fromEntries(setOf(entity).features.map((name) => [name, fileValue(vectors[index]?.[name])])),
        })),
      );
      expect(summary).toMatchObject({
        rows: spine.length,
        set: { name: `all_of_${entity}`, version: 1, hash: expect.stringMatching(/^[0-9a-f]{12}$/) },
      });
    },
  );

  describe("as of its labels", () => {
    const labels = csvOf(
      [0, 1].flatMap((session) => {
        const own = events.filter(({ session_id }) => session_id === events[session]?.session_id);
        const ids = [own[0]?.anonymous_id as string, own[0]?.user_id ?? "user-9"];
        return [20, 40].flatMap((index) => ids.map((id) => ({ id, as_of: own[index]?.time as number })));
      }),
    );
    const last = Math.max(...[...labels.matchAll(/\d{4}-\S+?Z/g)].map(([time]) => Date.parse(time)));

    /** The log with other behaviour after the labels. */
    const later = records.flatMap((record): TestRecord[] => {
      const event = record.event as LoggedEvent | undefined;
      if (!event || event.time < last) return [record];
      const changed = { ...event, user_id: "user-9", type: "custom", name: "purchase", properties: { price: 1e6 } };
      return [{ ...record, event: changed }];
    });
    const dropped = records.filter(({ event }) => ((event as LoggedEvent | undefined)?.time ?? 0) < last);
    const more = (kept: readonly TestRecord[]): TestRecord[] => [
      ...kept,
      ...[0, 1, 2, 3, 4, 5].map((session): TestRecord => {
        const own = events.filter((_, index) => index % 6 === session);
        const event = { ...own[0], type: "identify", user_id: "user-9", seq: 9_000, time: last + HOUR_MS };
        const place = { ...(records[0] as TestRecord), partition: session % 2, offset: 80_000 + session };
        return { ...place, arrival: 5_000, received_at: last + HOUR_MS, event };
      }),
    ];
    let trained: Row[] | undefined;
    const asTrained = async (): Promise<Row[]> => {
      trained ??= (await train(records, labels, "--set", "all_of_user")).rows;
      expect(trained.some(({ user_engaged_ms }) => Number(user_engaged_ms) > 0)).toBe(true);
      return trained;
    };

    it.each([
      ["never happened", dropped],
      ["happened otherwise", later],
      ["identified the browsers", more(records)],
    ])("has nothing of what happened later: the same file if it %s", async (_, log) => {
      expect((await train(log, labels, "--set", "all_of_user")).rows).toEqual(await asTrained());
    });

    it("joins the browsers of a user with --identity final, also when the user is known later only", async () => {
      const { rows } = await train(more(records), labels, "--set", "all_of_user", "--identity", "final");
      const expected = await asTrained();
      const ofUser = rows.find(({ id }) => id === "user-9") as Row;
      expect(Number(ofUser.user_session_count)).toBeGreaterThan(0);
      expect(expected.find(({ id }) => id === "user-9")).toMatchObject({ user_session_count: 0, event_time: null });
      const browser = rows.find(({ id }) => id === events[1]?.anonymous_id) as Row;
      expect(browser).toMatchObject({ user_session_count: ofUser.user_session_count });
    });
  });

  it("names the entities without an event before their label, and keeps their labels", async () => {
    const [first] = events as [LoggedEvent];
    const labels = csvOf([
      { id: first.session_id, as_of: first.time + 60_000 },
      { id: "nobody", as_of: first.time },
      { id: first.session_id, as_of: first.time },
    ]);
    const { rows, summary } = await train(records, labels, "--set", "all_of_session");
    expect(summary).toMatchObject({ rows: 3, missing_labels: 2, missing: ["nobody", first.session_id] });
    expect(rows.map(({ event_time, event_count }) => [event_time === null, Number(event_count) > 0])).toEqual([
      [false, true],
      [true, false],
      [true, false],
    ]);
  });

  describe("of a log with tests and people of the site", () => {
    const kinds = [undefined, "test", "internal", "internal", undefined, undefined];
    const ids = [...new Set(events.map(({ session_id }) => session_id))];
    const marked = records.map((record): TestRecord => {
      const event = record.event as LoggedEvent | undefined;
      const traffic = event && kinds[ids.indexOf(event.session_id)];
      return traffic ? { ...record, event: { ...event, traffic } } : record;
    });
    const labels = csvOf(ids.map((id) => ({ id, as_of: BEGIN + 24 * HOUR_MS })));

    it("leaves their labels out, and counts them", async () => {
      const { rows, summary } = await train(marked, labels, "--set", "all_of_session");
      expect(rows.map(({ id }) => id)).toEqual(ids.filter((_, index) => kinds[index] === undefined));
      expect(summary).toMatchObject({ rows: 3, traffic: { test: 1, internal: 2 } });
    });

    it("keeps them with --traffic all", async () => {
      const { summary } = await train(marked, labels, "--set", "all_of_session", "--traffic", "all");
      expect(summary).toMatchObject({ rows: 6, traffic: { test: 0, internal: 0 } });
    });
  });

  it("labels whether a goal is reached within the horizon, and its value", async () => {
    const { rows, summary } = await train(
      records,
      undefined,
      ...["--goal", "clicked", "--horizon", "3s", "--after", "20s", "--set", "all_of_session"],
    );
    const sessions = [...new Set(events.map(({ session_id }) => session_id))];
    const expected = sessions.map((id) => {
      const own = events.filter(({ session_id }) => session_id === id);
      const as_of = Math.min(...own.map(({ time }) => time)) + 20_000;
      const clicks = own.filter(({ type, time }) => type === "click" && time >= as_of && time < as_of + 3_000);
      return { id, as_of: new Date(as_of), label: clicks.length > 0, label_value: 2 * clicks.length };
    });
    expect(rows.map(({ id, as_of, label, label_value }) => ({ id, as_of, label, label_value }))).toEqual(
      expected.toSorted((a, b) => Number(a.as_of) - Number(b.as_of)),
    );
    expect(new Set(expected.map(({ label }) => label)).size).toBe(2);
    expect(summary).toMatchObject({ rows: 6, incomplete: 0 });
  });

  it("leaves out labels whose horizon has not passed", async () => {
    const now = records.map((record): TestRecord => {
      const event = record.event as LoggedEvent | undefined;
      const shift = Date.now() - BEGIN - 2 * HOUR_MS;
      return {
        ...record,
        received_at: record.received_at + shift,
        ...(event && { event: { ...event, time: event.time + shift } }),
      };
    });
    const args = ["--goal", "bought", "--horizon", "1d", "--set"];
    const ofUsers = await train(
      now.filter(({ kind }) => kind === "event"),
      undefined,
      ...args,
      "all_of_user",
    );
    expect(ofUsers.summary).toMatchObject({ rows: 0, incomplete: 6 });
    // A session that has ended has no later event.
    const ofSessions = await train(
      now.filter(({ kind }) => kind === "event"),
      undefined,
      ...args,
      "all_of_session",
    );
    expect(Number(ofSessions.summary.rows)).toBeGreaterThan(0);
  });

  describe("with --served", () => {
    const [all] = sets as [FeatureSet];
    const set = servedSet(all, features);
    const ids = [...new Set(events.map(({ session_id }) => session_id))];
    const beginOf = (id: string) =>
      Math.min(...events.filter(({ session_id }) => session_id === id).map(({ time }) => time));
    const reads = ids.flatMap((id, index) =>
      [20_000, 30_000, 30_000].map((after) => ({ id, index, at: beginOf(id) + after })),
    );

    /** Values that no replay of the log has. */
    const valuesOf = (read: number): Record<string, FeatureValue> => {
      const kinds = valueKindsOf(features);
      return Object.fromEntries(
        all.features.map((name, index) => {
          const values = { number: read + index / 4, string: `t"${read}`, boolean: read % 2 === 0, list: ["a", read] };
          const kind = kinds.get(name) as string;
          return [name, read === 3 ? null : values[kind as keyof typeof values]];
        }),
      );
    };
    const recordOf = (offset: number, received_at: number, payload: object): TestRecord => ({
      ...{ kind: "served_vector", site: "shop", partition: 0, offset: 50_000 + offset, arrival: offset + 1, v: 1 },
      ...{ received_at, payload },
    });
    const payloadOf = ({ id, at }: { id: string; at: number }, read: number) => ({
      ...{ reader: read % 2 === 0 ? "server" : "page", entity: "session", id, event_time: at - 1_000, age_ms: 1_000 },
      ...{ definition_version: "0123456789ab", set, features: valuesOf(read) },
    });
    const served = reads.map((read, number) => recordOf(number, read.at, payloadOf(read, number)));
    const [first] = reads as [(typeof reads)[number]];
    const others = [{ hash: "000000000000" }, { version: 2 }, { name: "another" }].map((other, index) =>
      recordOf(100 + index, first.at + 1, { ...payloadOf(first, 99), set: { ...set, ...other } }),
    );
    const log = [...records, ...served, ...others];
    const servedColumns = ({ at }: { at: number }, read: number) => ({
      ...{ served_at: new Date(at), event_time: new Date(at - 1_000), age_ms: 1_000n },
      reader: read % 2 === 0 ? "server" : "page",
      ...Object.fromEntries(Object.entries(valuesOf(read)).map(([name, value]) => [name, fileValue(value)])),
    });

    it("has each vector that was served, labelled by the goal from the time of the read on", async () => {
      const args = ["--served", "--goal", "clicked", "--horizon", "3s", "--set", all.name];
      const { rows, summary, columns } = await train(log, undefined, ...args);
      const labelOf = ({ id, at }: { id: string; at: number }) => {
        const clicks = events.filter(
          ({ session_id, type, time }) => session_id === id && type === "click" && time >= at && time < at + 3_000,
        );
        return { label: clicks.length > 0, label_value: 2 * clicks.length };
      };
      expect(rows).toEqual(
        reads.map((read, number) => ({
          ...{ id: read.id, as_of: new Date(read.at) },
          ...servedColumns(read, number),
          ...labelOf(read),
        })),
      );
      expect(new Set(rows.map(({ label }) => label)).size).toBe(2);
      expect(summary).toMatchObject({
        rows: reads.length,
        set,
        incomplete: 0,
        other_definitions: 1,
        missing_labels: 0,
      });
      expect(new Set(columns.map(({ engine }) => engine))).toEqual(new Set(["served"]));
    });

    it("gives each label of a file the latest vector that was served by its moment", async () => {
      const labels = csvOf([
        { id: first.id, as_of: first.at + 5_000 },
        { id: first.id, as_of: first.at },
        { id: first.id, as_of: first.at - 1 },
        { id: "nobody", as_of: first.at },
        { id: first.id, as_of: first.at + HOUR_MS },
      ]);
      const { rows, summary } = await train(log, labels, "--served", "--set", all.name);
      expect(rows.map(({ id, as_of, served_at, churned }) => ({ id, as_of, served_at, churned }))).toEqual(
        [
          [5_000, 0, true],
          [0, 0, false],
          [HOUR_MS, 10_000, true],
        ].map(([after, served, churned]) => ({
          ...{ id: first.id, as_of: new Date(first.at + Number(after)), churned },
          served_at: new Date(first.at + Number(served)),
        })),
      );
      expect(summary).toMatchObject({ rows: 3, missing_labels: 2, missing: [first.id, "nobody"] });
    });

    it("leaves out vectors of tests and of the site's own people", async () => {
      const marked = log.map((record): TestRecord => {
        const event = record.event as LoggedEvent | undefined;
        return event?.session_id === first.id ? { ...record, event: { ...event, traffic: "test" } } : record;
      });
      const args = ["--served", "--goal", "bought", "--horizon", "1m", "--set", all.name];
      const { rows, summary } = await train(marked, undefined, ...args);
      expect(rows.map(({ id }) => id)).not.toContain(first.id);
      expect(summary).toMatchObject({ rows: reads.length - 3, traffic: { test: 3, internal: 0 } });
    });

    it.each([
      ["--after", "30s"],
      ["--identity", "final"],
    ])("allows no %s", async (...flag) => {
      const args = ["--served", "--goal", "bought", "--horizon", "1m", "--set", all.name];
      const { code, stderr } = await run(records, undefined, ...args, ...flag);
      expect([code, stderr]).toEqual([2, expect.stringContaining("--served has the moments and users of the reads")]);
    });
  });

  it("summarises nulls and ranges for people", async () => {
    const labels = csvOf([{ id: (events[0] as LoggedEvent).session_id, as_of: BEGIN + HOUR_MS }]);
    const { stdout } = await run(records, labels, "--set", "all_of_session");
    expect(stdout).toMatch(/^out\.parquet: 1 rows with set all_of_session version 1 \([0-9a-f]{12}\)\.\n/);
    expect(stdout).toMatch(/^feature +engine +nulls +min +max$/m);
    expect(stdout).toMatch(/^event_count +sql +0 +60 +60$/m);
  });

  const wrong = (args: string[], message: string, labels: string | undefined = csvOf([])) => ({
    args,
    message,
    labels,
  });
  it.each([
    wrong([], "needs --set <name>: all_of_session:1, all_of_user:1, all_of_page:1"),
    wrong(["--set", "chained"], "--set: chained has predictions of buys, which cannot be computed from events."),
    wrong(["--set", "x"], "--set: tidemark.config.ts has no set x; expected all_of_session:1, "),
    wrong(["--set", "all_of_user"], "--labels: labels.csv has no column as_of; given id, time.", "id,time\n1,2\n"),
    wrong(
      ["--set", "all_of_user"],
      '--labels: labels.csv: row 2: as_of: expected a time, or a number of UTC milliseconds; given "soon".',
      "id,as_of\na,2026-11-29\nb,soon\n",
    ),
    wrong(
      ["--set", "all_of_session"],
      "--labels: the column click_count has the name of another column",
      "id,as_of,click_count\na,2026-11-29,1\n",
    ),
    wrong(["--set", "all_of_user", "--goal", "bought"], "needs either --labels <file> or --goal <name>."),
  ])("explains a wrong command line: $args $message", async ({ args, message, labels }) => {
    const { code, stderr } = await run(records, labels, ...args);
    expect([code > 0, stderr]).toEqual([true, expect.stringContaining(message)]);
  });

  it.each([
    [["--goal", "bought"], "--goal needs --horizon <duration>."],
    [
      ["--goal", "bought", "--horizon", "7 days"],
      '--horizon expects a duration, such as 7d, 12h, 30m or 90s; given "7 days".',
    ],
    [["--goal", "sold", "--horizon", "7d"], "--goal: tidemark.config.ts has no goal sold; expected clicked, bought."],
  ])("explains a wrong goal: %j", async (args, message) => {
    const { code, stderr } = await run(records, undefined, "--set", "all_of_user", ...args);
    expect([code > 0, stderr]).toEqual([true, expect.stringContaining(message)]);
  });
});
