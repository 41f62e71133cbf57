import type { LoggedEvent } from "@tidemark/engine";
import { defaultFeatures, type Feature } from "@tidemark/schema";
import { describe, expect, it } from "vitest";
import { eventsOf, logOf, type TestRecord, vectorOf } from "../log/log-records.ts";
import { ADMIN_KEY, serveLog } from "../log/log-server.ts";
import { configWith, deploymentFolder, runTidemark } from "../log/run-tidemark.ts";

const DAY_MS = 86_400_000;

const records = logOf({ features: defaultFeatures });

/** Verifies a log, of which all records but the last ten are in files. */
const verify = async (log: readonly TestRecord[], { args = [] as string[], features = "defaultFeatures" } = {}) => {
  const server = await serveLog(log);
  await server.cut(log.length - 10);
  const folder = deploymentFolder(configWith(features));
  const outcome = await runTidemark(folder, ["log", "verify", "--url", server.url, "--json", ...args], {
    TIDEMARK_ADMIN_KEY: ADMIN_KEY,
  });
  const lines = outcome.json();
  return { code: outcome.code, stderr: outcome.stderr, disagreements: lines.slice(0, -1), summary: lines.at(-1) };
};

const CLEAN = {
  ...{ events: 360, sessions: 6, vectors: 6, disagreements: 0, open: 0, incomplete: 0, other_definitions: 0 },
  changed_features: [],
};

const isVector = ({ kind }: TestRecord): boolean => kind === "vector";
const SESSION = "shop.2session4k9";
const ofSession = ({ session_id, event }: TestRecord): boolean =>
  (session_id ?? (event as LoggedEvent | undefined)?.session_id) === SESSION;
const [vector] = records.filter((record) => isVector(record) && ofSession(record)) as [TestRecord];
const own = records.filter((record) => !isVector(record) && ofSession(record));
const latest = eventsOf(own).reduce((a, b) => (b.time >= a.time ? b : a));
const latestId = `${SESSION}/${latest.tab_id}/${latest.seq}`;

describe("tidemark log verify", () => {
  it("finds no disagreement in the log of a collector", async () => {
    expect(await verify(records)).toEqual({ code: 0, stderr: "", disagreements: [], summary: CLEAN });
  });

  it("names each feature that was served differently, with its session and event", async () => {
    const served = { ...(vector.features as object), click_count: 99, recent_paths: ["/elsewhere"] };
    const { features } = vector as unknown as { features: Record<string, unknown> };
    const { code, disagreements, summary } = await verify(
      records.map((each) => (each === vector ? { ...vector, features: served, late: 3 } : each)),
    );
    const place = { session_id: SESSION, event_id: latestId, version: 1 };
    expect(disagreements).toEqual([
      {
        problem: "feature",
        ...place,
        feature: "recent_paths",
        served: ["/elsewhere"],
        replayed: features.recent_paths,
      },
      { problem: "feature", ...place, feature: "click_count", served: 99, replayed: features.click_count },
      { problem: "lateness", ...place, feature: "late", served: 3, replayed: 0 },
    ]);
    expect([code, summary?.disagreements]).toEqual([1, 3]);
  });

  it("finds a missing event", async () => {
    const missing = own[20] as TestRecord;
    const { code, disagreements } = await verify(records.filter((each) => each !== missing));
    expect(disagreements).toContainEqual({
      ...{ problem: "order", session_id: SESSION },
      message: "the record of arrival 22 follows the one of arrival 20",
    });
    expect(disagreements).toContainEqual(
      expect.objectContaining({ problem: "feature", feature: "event_count", served: 60, replayed: 59 }),
    );
    expect(code).toBe(1);
  });

  it("finds an event that is there twice, and counts it once", async () => {
    const event = own[20] as TestRecord;
    const copy = { ...event, offset: 10_000, arrival: 62 };
    const { code, disagreements, summary } = await verify([...records, copy]);
    const { tab_id, seq } = event.event as LoggedEvent;
    expect(disagreements).toEqual([
      {
        ...{ problem: "duplicate", session_id: SESSION, event_id: `${SESSION}/${tab_id}/${seq}` },
        message: "the event is in the log 2 times",
      },
    ]);
    expect([code, summary?.vectors, summary?.open]).toEqual([1, 6, 1]);
  });

  it("finds records in another order than they arrived", async () => {
    const [a, b] = own.slice(20, 22) as [TestRecord, TestRecord];
    const swapped = records.map((each) =>
      each === a ? { ...a, arrival: b.arrival } : each === b ? { ...b, arrival: a.arrival } : each,
    );
    const { disagreements } = await verify(swapped);
    expect(disagreements).toContainEqual(
      expect.objectContaining({ problem: "order", message: "the record of arrival 21 follows the one of arrival 22" }),
    );
  });

  it("leaves out events that arrive after the session's vector, until its next version has them", async () => {
    const late = { ...latest, seq: latest.seq + 1, time: latest.time + 5_000 };
    const common = { ...vector, offset: 10_000, arrival: 62 };
    const event = { ...common, kind: "event", event: late };
    const open = await verify([...records, event]);
    expect(open).toMatchObject({ code: 0, disagreements: [], summary: { ...CLEAN, events: 361, open: 1 } });

    const closed_at = (vector.closed_at as number) + 3_600_000;
    const next = { ...vectorOf([...eventsOf(own), late], defaultFeatures, closed_at), version: 2 };
    const closed = await verify([...records, event, { ...common, ...next, offset: 10_001, arrival: 63 }]);
    expect(closed).toMatchObject({ code: 0, disagreements: [], summary: { ...CLEAN, events: 361, vectors: 7 } });
  });

  it("counts an event late by the latest event time, however long the session was closed", async () => {
    // More than a day before the closing, and less than that before the latest event.
    const late = { ...latest, seq: latest.seq + 1, time: (vector.closed_at as number) - DAY_MS - 10_000 };
    const common = { ...vector, offset: 10_000, arrival: 62 };
    const closed_at = (vector.closed_at as number) + 3_600_000;
    const next = { ...vectorOf([...eventsOf(own), late], defaultFeatures, closed_at), version: 2 };
    expect(next).toMatchObject({ late: 1, too_late: 0 });
    const log = [
      ...records,
      { ...common, kind: "event", event: late },
      { ...common, ...next, offset: 10_001, arrival: 63 },
    ];
    expect(await verify(log)).toMatchObject({ code: 0, disagreements: [], summary: { vectors: 7 } });
  });

  it("does not compare vectors of sessions whose first records are not in the log any more", async () => {
    const { code, summary } = await verify(records.filter((each) => !(ofSession(each) && each.arrival < 5)));
    expect([code, summary]).toEqual([0, { ...CLEAN, events: 356, vectors: 5, incomplete: 1 }]);
  });

  it("names features that other definitions produced, and does not compare them", async () => {
    const changed = defaultFeatures
      .filter(({ name }) => name !== "idle_ms")
      .map((feature): Feature => {
        if (feature.name !== "click_count") return feature;
        return { ...feature, source: "hover" } as Feature;
      });
    const { code, summary } = await verify(records, { features: JSON.stringify(changed) });
    const expected = { vectors: 0, other_definitions: 6, disagreements: 0 };
    expect([code, summary]).toMatchObject([0, expected]);
    expect(summary?.changed_features).toContain("click_count");
    expect(summary?.changed_features).not.toContain("dwell_ms");
  });

  it("compares the vectors of one day, with records of the days before", async () => {
    const two = [...records, ...logOf({ features: defaultFeatures, begin: Date.UTC(2026, 10, 30, 23, 50) })];
    const log = two.map((each, index) =>
      index < records.length
        ? each
        : (JSON.parse(
            JSON.stringify({ ...each, partition: each.partition + 2 }).replaceAll("session4k9", "night"),
          ) as TestRecord),
    );
    const [first, second] = await Promise.all(
      ["2026-11-29", "2026-12-01"].map((date) => verify(log, { args: ["--date", date] })),
    );
    expect([first?.code, first?.summary]).toMatchObject([0, { vectors: 6 }]);
    expect([second?.code, second?.summary]).toMatchObject([0, { vectors: 6, disagreements: 0 }]);
  });

  it("compares the vectors of one day also while their sessions continue in files and the tail of the next one", async () => {
    const log = logOf({ features: defaultFeatures, begin: Date.UTC(2026, 10, 29, 23, 59, 45), every: 0 });
    const { code, disagreements, summary } = await verify(log, { args: ["--date", "2026-11-29"] });
    expect([code, disagreements]).toEqual([0, []]);
    expect(summary).toMatchObject({ sessions: 6, vectors: 0 });
  });

  it("compares a feature that had another type in earlier files", async () => {
    const server = await serveLog(records);
    const earlier: Feature[] = [
      { ...(defaultFeatures.find(({ name }) => name === "entry_path") as Feature), name: "click_count" },
      { ...(defaultFeatures.find(({ name }) => name === "recent_paths") as Feature), name: "hover_count" },
      { ...(defaultFeatures.find(({ name }) => name === "click_count") as Feature), name: "entry_path" },
    ];
    const kept = defaultFeatures.filter(({ name }) => !earlier.some((feature) => feature.name === name));
    const old = logOf({ features: [...kept, ...earlier], begin: Date.UTC(2026, 10, 28, 9) }).map(
      (each) =>
        JSON.parse(
          JSON.stringify({ ...each, partition: each.partition + 2 }).replaceAll("session4k9", "old"),
        ) as TestRecord,
    );
    server.reset(old);
    await server.cut(old.length, [...kept, ...earlier]);
    server.append(records);
    await server.cut(records.length - 3);
    const folder = deploymentFolder();
    const outcome = await runTidemark(folder, ["log", "verify", "--url", server.url, "--json"], {
      TIDEMARK_ADMIN_KEY: ADMIN_KEY,
    });
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    expect(outcome.json()).toMatchObject([{ vectors: 6, other_definitions: 6, disagreements: 0 }]);
  });

  it("prints sentences for people", async () => {
    const server = await serveLog(records.map((each) => (each === vector ? { ...vector, late: 3 } : each)));
    const { code, stdout } = await runTidemark(deploymentFolder(), ["log", "verify", "--url", server.url], {
      TIDEMARK_ADMIN_KEY: ADMIN_KEY,
    });
    expect([code, stdout]).toEqual([
      1,
      [
        `late: served 3, replayed 0 (session ${SESSION}, version 1, event ${latestId})`,
        "Compared 6 vectors with 360 events of 6 sessions: 1 disagreement.",
        "",
      ].join("\n"),
    ]);
  });
});
