import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AlertReceiver } from "../../src/alert-receiver.ts";
import type { Env } from "../../src/env.ts";
import type { Samples } from "../../src/metrics/families.ts";
import type { Alert } from "../../src/monitor/alert.ts";
import { AlertMonitor } from "../../src/monitor/alert-monitor.ts";
import type { Notification, NotifyOutcome } from "../../src/monitor/notification.ts";
import { fakeReceiver, traffic } from "../workers/worker.ts";

const { notify } = traffic;
const BEGIN = Date.UTC(2026, 10, 30);
const ROUND_MS = 10_000;

const alerts: Alert[] = [
  {
    ...{ name: "TidemarkSinkPaused", severity: "ticket", forSeconds: 20, summary: "Sink {sink} is paused." },
    when: {
      type: "above",
      left: { type: "latest", family: "tidemark_sink_paused", by: ["sink"] },
      right: { type: "number", value: 0 },
    },
  },
  {
    ...{ name: "TidemarkObjectErrors", severity: "page", forSeconds: 0, summary: "Calls of {object} fail." },
    when: {
      type: "above",
      left: { type: "rate", overSeconds: 120, family: "tidemark_object_errors_total", by: ["object"] },
      right: { type: "number", value: 0.1 },
    },
  },
];

/** The alert that always fires. */
const watchdog: Alert = {
  ...{ name: "TidemarkWatchdog", severity: "none", forSeconds: 0, summary: "Alerts are sent." },
  when: { type: "always" },
};

/** A message as tests compare it. */
const notified = ({ alert, state, labels }: Notification): string => `${alert} ${Object.values(labels)} ${state}`;

let now = BEGIN;
let samples: Samples = {};
let messages: { receiver: string; texts: string[] }[] = [];
let outcome: (receiver: string) => NotifyOutcome | Promise<NotifyOutcome>;
let objects = 0;

beforeEach(() => {
  now = BEGIN;
  samples = {};
  messages = [];
  outcome = () => ({ accepted: true, detail: "200" });
  vi.spyOn(Date, "now").mockImplementation(() => now);
  vi.spyOn(console, "error").mockImplementation(() => {});
  traffic.notify = async (receiver, given) => {
    messages.push({ receiver, texts: given.map(notified) });
    return outcome(receiver);
  };
});
afterEach(() => {
  vi.restoreAllMocks();
  traffic.notify = notify;
});

/** Runs a test with the monitor of a new object. `restart` returns one with the same storage. */
const withMonitor = (
  receivers: (string | AlertReceiver)[],
  test: (start: () => AlertMonitor) => Promise<void>,
  read: () => Promise<Samples> = async () => samples,
  table = alerts,
): Promise<void> => {
  const stub = (env as unknown as Env).SCHEDULE.getByName(`monitor ${objects++}`);
  return runInDurableObject(stub, (_, { storage }) =>
    test(
      () =>
        new AlertMonitor(storage, {
          ...{
            alerts: table,
            env: {},
            read,
            receivers: receivers.map((each) => (typeof each === "string" ? fakeReceiver(each) : each)),
          },
          runbooks: "https://wiki.example/runbooks",
        }),
    ),
  );
};

const rounds = async (monitor: AlertMonitor, count: number, each: () => void = () => {}): Promise<void> => {
  for (let round = 0; round < count; round++) {
    now += ROUND_MS;
    each();
    await monitor.round();
  }
};

const paused = (value: number): Samples => ({ 'tidemark_sink_paused{site="shop",sink="orders"}': value });

const FIRING = "TidemarkSinkPaused orders firing";
const RESOLVED = "TidemarkSinkPaused orders resolved";

describe("the monitor", () => {
  it("sends once that an alert fires after its time, and once that it is resolved", async () => {
    await withMonitor(["desk"], async (start) => {
      const monitor = start();
      samples = paused(2);
      await rounds(monitor, 2);
      expect(messages).toEqual([]);
      expect(monitor.status().alerts[0]?.instances).toMatchObject([
        { state: "pending", value: 2, since: BEGIN + 10_000 },
      ]);
      await rounds(monitor, 100);
      expect(messages).toEqual([{ receiver: "desk", texts: [FIRING] }]);
      expect(monitor.status().alerts[0]?.instances).toMatchObject([
        { state: "firing", since: BEGIN + 30_000, summary: "Sink orders is paused.", labels: { sink: "orders" } },
      ]);
      samples = paused(0);
      await rounds(monitor, 10);
      expect(messages.slice(1)).toEqual([{ receiver: "desk", texts: [RESOLVED] }]);
      expect(monitor.status().alerts[0]?.instances).toEqual([]);
    });
  });

  it("repeats a message each 4 hours", async () => {
    await withMonitor(["desk"], async (start) => {
      const monitor = start();
      samples = paused(1);
      for (let minute = 0; minute < 9 * 60; minute++) {
        now += 60_000;
        await monitor.round();
      }
      expect(messages).toHaveLength(3);
    });
  });

  it("sends all messages of a round in one call", async () => {
    await withMonitor(["desk"], async (start) => {
      const monitor = start();
      samples = { ...paused(1), 'tidemark_sink_paused{site="shop",sink="lake"}': 1 };
      await rounds(monitor, 3);
      expect(messages).toEqual([{ receiver: "desk", texts: [FIRING, "TidemarkSinkPaused lake firing"] }]);
    });
  });

  it("neither repeats nor forgets a message after a restart", async () => {
    await withMonitor(["desk"], async (start) => {
      samples = paused(1);
      await rounds(start(), 1);
      await rounds(start(), 2);
      expect(messages).toHaveLength(1);
      await rounds(start(), 5);
      expect(messages).toHaveLength(1);
      samples = paused(0);
      await rounds(start(), 1);
      await rounds(start(), 3);
      expect(messages.map(({ texts }) => texts)).toEqual([[FIRING], [RESOLVED]]);
    });
  });

  it("does not resolve an alert over a time for which it has no metrics", async () => {
    await withMonitor(["desk"], async (start) => {
      const monitor = start();
      let count = 0;
      const failing = () => {
        count += 5;
        samples = { 'tidemark_object_errors_total{object="Session"}': count };
      };
      await rounds(monitor, 3, failing);
      expect(messages.map(({ texts }) => texts)).toEqual([["TidemarkObjectErrors Session firing"]]);
      now += 3_600_000;
      await rounds(start(), 20, failing);
      expect(messages).toHaveLength(1);
    });
  });

  it("calls a receiver that has failed after the clock was set back, and resolves alerts two minutes later", async () => {
    await withMonitor(["desk"], async (start) => {
      samples = paused(1);
      outcome = () => ({ accepted: false, detail: "503", afterMs: 300_000 });
      await rounds(start(), 3);
      now += 3_600_000;
      const monitor = start();
      await rounds(monitor, 1);
      expect(messages.map(({ texts }) => texts)).toEqual([[FIRING], [FIRING]]);
      now -= 7_200_000;
      samples = paused(0);
      outcome = () => ({ accepted: true, detail: "200" });
      await rounds(monitor, 12);
      expect(messages.map(({ texts }) => texts).slice(2)).toEqual([[FIRING]]);
      await rounds(monitor, 1);
      expect(messages.map(({ texts }) => texts).slice(3)).toEqual([[RESOLVED]]);
    });
  });

  /** Lets an alert over a time fire, and then something happen. Returns the messages afterwards. */
  const whileFailing = async (start: () => AlertMonitor, happens: (failing: () => void) => Promise<AlertMonitor>) => {
    let count = 0;
    const failing = () => {
      count += 5;
      samples = { 'tidemark_object_errors_total{object="Session"}': count };
    };
    await rounds(start(), 3, failing);
    await rounds(await happens(failing), 20, failing);
    return messages.map(({ texts }) => texts);
  };

  it.each([-3_600_000, -86_400_000, 3_600_000])("does not resolve it when the clock jumps by %d ms", async (by) => {
    await withMonitor(["desk"], async (start) => {
      const texts = await whileFailing(start, async () => {
        now += by;
        return start();
      });
      // The time of the first message is unknown after the clock was set back: it is sent again.
      expect(new Set(texts.flat())).toEqual(new Set(["TidemarkObjectErrors Session firing"]));
    });
  });

  it("does not resolve it when the object also restarts after the interruption", async () => {
    await withMonitor(["desk"], async (start) => {
      const texts = await whileFailing(start, async (failing) => {
        now += 600_000;
        await rounds(start(), 1, failing);
        return start();
      });
      expect(texts).toEqual([["TidemarkObjectErrors Session firing"]]);
    });
  });

  it("sends a message again until the receiver accepts it, and to that receiver only", async () => {
    await withMonitor(["desk", "phone"], async (start) => {
      const monitor = start();
      samples = paused(1);
      outcome = (receiver) => ({ accepted: receiver === "desk", detail: "503" });
      await rounds(monitor, 3 + 7);
      const of = (name: string) => messages.filter(({ receiver }) => receiver === name);
      expect(of("desk")).toHaveLength(1);
      // At once, then after 10, 20 and 40 s.
      expect(of("phone")).toHaveLength(4);
      expect(monitor.status().receivers).toMatchObject([
        { name: "desk", failures: 0, detail: "503" },
        { name: "phone", failures: 4, detail: "503" },
      ]);
      outcome = () => ({ accepted: true, detail: "202" });
      await rounds(monitor, 30);
      expect([of("desk").length, of("phone").length]).toEqual([1, 5]);
    });
  });

  it("sends only those messages again that a receiver does not have", async () => {
    await withMonitor(["desk"], async (start) => {
      const monitor = start();
      samples = { ...paused(1), 'tidemark_sink_paused{site="shop",sink="lake"}': 1 };
      outcome = () => ({ accepted: false, detail: "429", notified: ['TidemarkSinkPaused{sink="lake"}'] });
      await rounds(monitor, 4);
      expect(messages.map(({ texts }) => texts.length)).toEqual([2, 1]);
    });
  });

  it("sends the other messages although a receiver always fails at one of them", async () => {
    await withMonitor(["desk"], async (start) => {
      const monitor = start();
      const sinks = ["lake", "a", "b", "c", "d", "e"];
      samples = Object.fromEntries(sinks.map((sink) => [`tidemark_sink_paused{site="shop",sink="${sink}"}`, 1]));
      const arrived = new Set<string>();
      traffic.notify = async (_, given) => {
        for (const { key, labels } of given) {
          if (labels.sink === "lake") return { accepted: false, detail: "500", notified: [...arrived] };
          arrived.add(key);
        }
        return { accepted: true, detail: "200" };
      };
      await rounds(monitor, 8);
      expect(arrived.size).toBe(sinks.length - 1);
    });
  });

  it("goes on when a receiver throws or does not respond", async () => {
    await withMonitor(["desk", "phone", "chat"], async (start) => {
      const monitor = start();
      samples = paused(1);
      outcome = (receiver) => {
        if (receiver === "phone") throw new Error("no connection");
        return receiver === "chat" ? new Promise(() => {}) : { accepted: true, detail: "200" };
      };
      await rounds(monitor, 3);
      expect(monitor.status().receivers.map(({ detail }) => detail)).toEqual([
        "200",
        "no connection",
        "There was no response within 8 s.",
      ]);
    });
  }, 15_000);

  it("creates a notifier again that could not be created", async () => {
    const phone = fakeReceiver("phone");
    let attempts = 0;
    const receiver: AlertReceiver = {
      ...phone,
      async create(given) {
        attempts += 1;
        if (attempts === 1) throw new Error("no module");
        return phone.create(given);
      },
    };
    await withMonitor([receiver], async (start) => {
      const monitor = start();
      samples = paused(1);
      await rounds(monitor, 3);
      expect(monitor.status().receivers).toMatchObject([{ failures: 1, detail: "no module" }]);
      await rounds(monitor, 1);
      expect(messages).toEqual([{ receiver: "phone", texts: [FIRING] }]);
    });
  });

  /** Metrics that can be read or not. */
  const readableMetrics = () => {
    const metrics = {
      isReadable: true,
      async read() {
        if (!metrics.isReadable) throw new Error("the object is overloaded");
        return samples;
      },
    };
    return metrics;
  };

  it("keeps its states while the metrics cannot be read, and says so", async () => {
    const metrics = readableMetrics();
    await withMonitor(
      ["desk"],
      async (start) => {
        const monitor = start();
        samples = paused(1);
        await rounds(monitor, 3);
        metrics.isReadable = false;
        await rounds(monitor, 3);
        expect(monitor.status()).toMatchObject({ evaluated_at: BEGIN + 30_000, problem: "the object is overloaded" });
        expect(monitor.status().alerts[0]?.instances).toMatchObject([{ state: "firing" }]);
        expect(messages).toHaveLength(1);
      },
      metrics.read,
    );
  });

  it("does not send that alerts are evaluated while the metrics cannot be read", async () => {
    const metrics = readableMetrics();
    await withMonitor(
      ["desk"],
      async (start) => {
        const monitor = start();
        await rounds(monitor, 1);
        metrics.isReadable = false;
        await rounds(monitor, 60);
        expect(messages).toHaveLength(1);
        metrics.isReadable = true;
        await rounds(monitor, 1);
        expect(messages).toHaveLength(2);
      },
      metrics.read,
      [watchdog],
    );
  });

  it("sends an end if the object stopped before the response to the beginning", async () => {
    await withMonitor(["desk"], async (start) => {
      const stopped = start();
      samples = paused(1);
      await rounds(stopped, 2);
      let respond = (_: NotifyOutcome) => {};
      outcome = () =>
        new Promise((resolve) => {
          respond = resolve;
        });
      now += ROUND_MS;
      const waiting = stopped.round();
      await vi.waitFor(() => expect(messages).toHaveLength(1));
      outcome = () => ({ accepted: true, detail: "200" });
      samples = paused(0);
      const restarted = start();
      await rounds(restarted, 1);
      expect(messages.map(({ texts }) => texts)).toEqual([[FIRING], [RESOLVED]]);
      respond({ accepted: true, detail: "200" });
      await waiting;
    });
  });

  it("does not send that a silenced alert fires, until the silence ends", async () => {
    await withMonitor(["desk"], async (start) => {
      const monitor = start();
      const silence = monitor.silence({
        ...{ alert: "TidemarkSinkPaused", labels: { sink: "orders" } },
        ...{ until: BEGIN + 600_000, comment: "Maintenance." },
      });
      samples = { ...paused(1), 'tidemark_sink_paused{site="shop",sink="lake"}': 1 };
      await rounds(monitor, 10);
      expect(messages.map(({ texts }) => texts)).toEqual([["TidemarkSinkPaused lake firing"]]);
      expect(monitor.status().silences).toEqual([silence]);
      expect(monitor.status().alerts[0]?.instances.map(({ state, silenced }) => [state, silenced])).toEqual([
        ["firing", true],
        ["firing", false],
      ]);
      now = BEGIN + 600_000;
      await rounds(start(), 1);
      expect(messages.map(({ texts }) => texts).slice(1)).toEqual([[FIRING]]);
      expect(monitor.status().silences).toEqual([]);
    });
  });

  it("sends it at once when an operator removes the silence", async () => {
    await withMonitor(["desk"], async (start) => {
      const monitor = start();
      const { id } = monitor.silence({ labels: { sink: "orders" }, until: BEGIN + 600_000, comment: "Later." });
      samples = paused(1);
      await rounds(monitor, 5);
      expect(messages).toEqual([]);
      expect([monitor.unsilence(id), monitor.unsilence(id)]).toEqual([true, false]);
      await rounds(monitor, 1);
      expect(messages).toHaveLength(1);
    });
  });

  it("sends a test to each receiver, and its end to those that accept it", async () => {
    await withMonitor(["desk", "phone"], async (start) => {
      outcome = (receiver) => ({ accepted: receiver === "desk", detail: receiver });
      expect(await start().test()).toEqual({
        receivers: [
          { name: "desk", type: "fake", accepted: true, detail: "desk" },
          { name: "phone", type: "fake", accepted: false, detail: "phone" },
        ],
      });
      expect(messages.map(({ receiver, texts }) => [receiver, ...texts])).toEqual([
        ["desk", "TidemarkTest  firing"],
        ["phone", "TidemarkTest  firing"],
        ["desk", "TidemarkTest  resolved"],
      ]);
    });
  });
});
