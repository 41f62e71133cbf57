import { alerts } from "@tidemark/collector/alert-rules";
import { batch, event } from "@tidemark/schema";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { SITE, SITE_KEY } from "../../src/drill/deployment.ts";
import { ALERTS_PATH, type AlertMessage, startDrillServer } from "../../src/drill/drill-server.ts";
import { drillText } from "../../src/drill/drill-text.ts";
import type { Fault } from "../../src/drill/fault.ts";
import { faults } from "../../src/drill/faults/index.ts";
import { allowedFor, measureFault, rowOf } from "../../src/drill/measure.ts";
import type { DrillStack } from "../../src/drill/stack.ts";
import { batchOf } from "../../src/drill/traffic.ts";
import { deploymentFolder, runTidemark } from "../log/run-tidemark.ts";

const stale: Fault = { ...(faults.find(({ name }) => name === "log-stale") as Fault) };

describe("the faults", () => {
  it("each have a name of their own and an alert that exists", () => {
    expect(new Set(faults.map(({ name }) => name)).size).toBe(faults.length);
    const known = alerts.map(({ name }) => name);
    expect(faults.filter(({ alert }) => !known.includes(alert))).toEqual([]);
  });

  it("have the time for which they last in the allowed one until the alert fires", () => {
    expect(allowedFor(stale, 1)).toEqual({ metric_s: 30, firing_s: 1_350, clearing_s: 150 });
    expect(allowedFor(stale, 20)).toEqual({ metric_s: 30, firing_s: 96, clearing_s: 36 });
  });
});

describe("the table", () => {
  const allowed = allowedFor(stale, 20);

  it("shows each time with the allowed one, and the rows that miss it", () => {
    const rows = [
      rowOf(stale, { metric_s: 9.12, firing_s: 66, clearing_s: 36 }, allowed),
      rowOf(stale, { metric_s: 9, firing_s: 66, clearing_s: 36.1 }, allowed),
      rowOf(stale, { metric_s: 9, firing_s: null, clearing_s: null }, allowed),
    ];
    expect(rows.map(({ isWithin }) => isWithin)).toEqual([true, false, false]);
    const [, , ...lines] = drillText(rows).split("\n");
    expect(lines).toEqual([
      "log-stale  TidemarkLogStale  9.1 of 30  66.0 of 96   36.0 of 36   ok",
      "log-stale  TidemarkLogStale  9.0 of 30  66.0 of 96   36.1 of 36   MISSED",
      "log-stale  TidemarkLogStale  9.0 of 30  never of 96  never of 36  MISSED",
    ]);
  });
});

describe("a measurement", () => {
  const stackOf = (messages: AlertMessage[], holds: () => Promise<boolean>) =>
    ({ server: { messages }, scale: 20, holds }) as unknown as DrillStack;

  it("takes the times from the fault and from its end, and ignores messages of before", async () => {
    const steps: string[] = [];
    const sent: AlertMessage[] = [
      { alert: stale.alert, state: "firing", at: 1 },
      { alert: stale.alert, state: "resolved", at: 2 },
    ];
    const say = (state: AlertMessage["state"]) => sent.push({ alert: stale.alert, state, at: Date.now() + 1 });
    /** Number of looks at the messages, 100 ms apart, since the latest step. */
    let looks = 0;
    const step = (name: string) => {
      steps.push(name);
      looks = 0;
    };
    const server = {
      get messages() {
        looks += 1;
        // The late end of an earlier fault is no beginning of this one.
        if (steps.length === 1 && looks === 2) say("resolved");
        if (steps.length === 1 && looks === 4) say("firing");
        if (steps.length === 2 && looks === 4) say("resolved");
        return sent;
      },
    };
    const stack = { server, scale: 20, holds: async () => steps.length === 1 } as unknown as DrillStack;
    const fault: Fault = {
      ...stale,
      async begin() {
        step("begin");
        return async () => step("end");
      },
    };
    const row = await measureFault(fault, stack);
    expect(steps).toEqual(["begin", "end"]);
    expect(row).toMatchObject({ fault: "log-stale", isWithin: true });
    expect(row.metric_s).toBeLessThan(20);
    for (const time of [row.firing_s, row.clearing_s]) {
      expect(time).toBeGreaterThan(0.25);
      expect(time).toBeLessThan(20);
    }
  });

  it("injects nothing into a stack that does not become quiet, and has no times", async () => {
    let now = Date.now();
    vi.spyOn(Date, "now").mockImplementation(() => {
      now += 20_000;
      return now;
    });
    onTestFinished(() => {
      vi.restoreAllMocks();
    });
    const begin = vi.fn<Fault["begin"]>();
    const row = await measureFault(
      { ...stale, begin },
      stackOf([], async () => true),
    );
    expect(row).toMatchObject({ metric_s: null, firing_s: null, clearing_s: null, isWithin: false });
    expect(begin).not.toHaveBeenCalled();
  });

  it("has an end that arrives before the failed part is back for this process", async () => {
    const messages: AlertMessage[] = [];
    let isBroken = false;
    const fault: Fault = {
      ...stale,
      async begin() {
        isBroken = true;
        messages.push({ alert: stale.alert, state: "firing", at: Date.now() + 1 });
        return async () => {
          messages.push({ alert: stale.alert, state: "resolved", at: Date.now() - 1_000 });
        };
      },
    };
    const row = await measureFault(
      fault,
      stackOf(messages, async () => isBroken),
    );
    expect(row.clearing_s).toBeLessThan(20);
    expect(row.isWithin).toBe(true);
  });

  it("ends the fault when the metrics cannot be read", async () => {
    let isBroken = false;
    const stack = stackOf([], async () => {
      if (isBroken) throw new Error("Prometheus is away");
      return false;
    });
    const fault: Fault = {
      ...stale,
      async begin() {
        isBroken = true;
        return async () => {
          isBroken = false;
        };
      },
    };
    await expect(measureFault(fault, stack)).rejects.toThrow("Prometheus is away");
    expect(isBroken).toBe(false);
  });
});

describe("a batch of the traffic", () => {
  const now = Date.UTC(2026, 10, 30);

  it("is one of a page", () => {
    const sent = batch.parse(batchOf({ id: crypto.randomUUID(), seq: 5 }, now));
    expect(sent).toMatchObject({ key: SITE_KEY, traffic: "test", session_id: expect.stringMatching(`^${SITE}\\.`) });
    expect(sent.events.map((each) => event.parse(each)).map(({ seq }) => seq)).toEqual([5, 6, 7, 8, 9]);
  });

  it("can be rejected, late, or of a wrong clock", () => {
    const sentBy = (kind: Parameters<typeof batchOf>[2]) =>
      batch.parse(batchOf({ id: crypto.randomUUID(), seq: 0 }, now, kind));
    expect(sentBy({ isInvalid: true }).events.filter((each) => event.safeParse(each).success)).toEqual([]);
    const late = sentBy({ age: 600_000 });
    expect([late.sent_at, event.parse(late.events[0]).time]).toEqual([now, now - 600_000]);
    const behind = sentBy({ behind: 3_600_000 });
    expect([behind.sent_at, event.parse(behind.events[0]).time]).toEqual([now - 3_600_000, now - 3_600_010]);
  });
});

describe("the server of a drill", () => {
  it("takes records and messages, and fails on request", async () => {
    const server = await startDrillServer();
    onTestFinished(() => server.stop());
    const statusOf = async (path: string, body = "[]") =>
      (await fetch(server.origin + path, { method: "POST", body })).status;
    expect([await statusOf("/sink"), await statusOf("/storage"), await statusOf("/other")]).toEqual([204, 200, 404]);
    Object.assign(server, { sink: "down", isStorageUp: false });
    expect([await statusOf("/sink"), await statusOf("/storage")]).toEqual([503, 503]);
    const alert = { status: "firing", labels: { alertname: "TidemarkLogStale", site: "drill" } };
    expect(await statusOf(ALERTS_PATH, JSON.stringify({ version: "4", alerts: [alert] }))).toBe(200);
    expect(server.messages).toEqual([{ alert: "TidemarkLogStale", state: "firing", at: expect.any(Number) }]);
  });
});

describe("tidemark drill", () => {
  it.each([
    [
      ["--only", "collector-down,fire"],
      '--only: there is no fault "fire"; expected some of collector-down, sink-down,',
    ],
    [["--scale", "3"], '--scale expects one of 1, 2, 4, 5, 10, 20; given "3".'],
  ])("rejects %j", async (args, message) => {
    const outcome = await runTidemark(deploymentFolder(), ["drill", ...args]);
    expect(outcome).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  });
});
