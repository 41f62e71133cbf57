import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { request } from "../workers/client.ts";
import { traffic } from "../workers/worker.ts";
import {
  ANNOUNCED_MS,
  alarmOf,
  egress,
  eventually,
  eventuallySent,
  nextSite,
  partition,
  recordDeliveries,
  runAlarm,
  send,
  sessionObject,
  sessionOf,
  stop,
} from "./feed.ts";

const { attempt } = traffic;
const admin = { headers: { authorization: "Bearer admin-key" } };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  traffic.attempt = attempt;
  traffic.fault = () => undefined;
});

const RETRY = { type: "retry", reason: "the target is away" } as const;

describe("a sink", () => {
  it("receives each acknowledged record once, in the order of its session", async () => {
    const site = nextSite();
    const deliveries = recordDeliveries();
    const [one, two] = [sessionOf(site), sessionOf(site)];
    const ids = [
      ...(await send(site, one, [0, 1, 2])),
      ...(await send(site, two, [0])),
      ...(await send(site, one, [3, 4])),
    ];
    await send(site, one, [3, 4]);
    await eventuallySent(site, () => expect(deliveries.to(site).toSorted()).toEqual(ids.toSorted()));
    await eventuallySent(site, () => expect(deliveries.to(site, "small").toSorted()).toEqual(ids.toSorted()));
    for (const sink of ["all", "small"]) {
      const ofOne = deliveries.to(site, sink).filter((id) => id.startsWith(`${one}/`));
      expect(ofOne.map((id) => Number(id.split("/")[2]))).toEqual([0, 1, 2, 3, 4]);
    }
    const { cut } = deliveries.attempts[0] ?? {};
    expect(cut?.id).toMatch(new RegExp(`^${site}/0/\\d+-\\d+$`));
    expect(cut?.records[0]).toMatchObject({ key: one, record: { kind: "event", site, event: { seq: 0 } } });
  });

  it("sends a cut unchanged until each record is delivered, and the next one after that", async () => {
    const site = nextSite();
    let isAway = true;
    const deliveries = recordDeliveries((id, { sink }) =>
      sink === "small" && isAway && /\/[12]$/.test(id) ? RETRY : undefined,
    );
    const session = sessionOf(site);
    const ids = await send(site, session, [0, 1, 2, 3, 4]);
    await eventually(async () => expect((await egress(site, "small").status(site, "small", 0)).failures).toBe(1));
    expect(deliveries.to(site, "small")).toEqual(ids.slice(0, 1));
    await stop(egress(site, "small"));
    isAway = false;
    await runAlarm(egress(site, "small"));
    await eventuallySent(site, () => expect(deliveries.to(site, "small")).toEqual(ids));
    const attempts = deliveries.attempts.filter(({ sink }) => sink === "small");
    const [first, second, third] = attempts.map(({ cut }) => cut);
    expect([first?.pending, second?.pending, third?.pending]).toEqual([
      [0, 1, 2],
      [1, 2],
      [0, 1],
    ]);
    expect({ ...second, pending: [] }).toEqual({ ...first, pending: [] });
    expect(attempts.map(({ state }) => (state as { n: number }).n)).toEqual([1, 1, 2]);
  });

  it("that does not respond holds up neither another sink nor ingestion", async () => {
    const site = nextSite();
    const deliveries = recordDeliveries();
    const usual = traffic.attempt;
    traffic.attempt = (given) => (given.sink === "small" ? new Promise(() => {}) : usual(given));
    const session = sessionOf(site);
    const ids = [...(await send(site, session, [0])), ...(await send(site, session, [1]))];
    await eventuallySent(site, () => expect(deliveries.to(site)).toEqual(ids));
  });

  it("continues after a crash in an attempt, with the same records", async () => {
    const site = nextSite();
    const deliveries = recordDeliveries();
    const usual = traffic.attempt;
    let isLost = false;
    traffic.attempt = async (given) => {
      const result = await usual(given);
      if (given.sink !== "all" || isLost) return result;
      isLost = true;
      return new Promise(() => {});
    };
    const session = sessionOf(site);
    const ids = await send(site, session, [0, 1]);
    await eventually(() => expect(isLost).toBe(true));
    await send(site, session, [2]);
    await stop(egress(site, "all"));
    expect(await alarmOf(egress(site, "all"))).toBeLessThanOrEqual(Date.now() + 60_000);
    await runAlarm(egress(site, "all"));
    await eventuallySent(site, () => expect(deliveries.to(site)).toEqual([...ids, ...ids, `${session}/tab0000001/2`]));
    const cuts = deliveries.attempts.filter(({ sink }) => sink === "all").map(({ cut }) => cut);
    expect(cuts[1]).toEqual(cuts[0]);
  });

  it("receives what a stopped partition had not announced, within a minute", async () => {
    const site = nextSite();
    const deliveries = recordDeliveries();
    const session = sessionOf(site);
    const first = await send(site, session, [0]);
    await eventuallySent(site, () => expect(deliveries.to(site)).toEqual(first));
    let isStopped = false;
    traffic.fault = ({ to, method, site: of }) => {
      if (of !== site || method !== "apply" || to !== "partition 0" || isStopped) return undefined;
      isStopped = true;
      return "stop_after";
    };
    await send(site, session, [1]);
    await eventually(() => expect(isStopped).toBe(true));
    const minute = Date.now() + 60_000;
    expect(await alarmOf(partition(site))).toBeLessThanOrEqual(minute);
    await eventually(async () => {
      // The session repeats its push if the partition has lost it. A second alarm of the partition is then ten seconds later.
      for (const object of [sessionObject(site, session), partition(site)])
        if (Number(await alarmOf(object)) <= minute + ANNOUNCED_MS) await runAlarm(object);
      expect(new Set(deliveries.to(site))).toEqual(new Set([...first, `${session}/tab0000001/1`]));
    });
  });

  it("passes refused records, which its dead letters name", async () => {
    const site = nextSite();
    const deliveries = recordDeliveries((id) =>
      id.endsWith("/1") ? { type: "refused", reason: "too odd" } : undefined,
    );
    const session = sessionOf(site);
    const ids = await send(site, session, [0, 1, 2]);
    await eventuallySent(site, () => expect(deliveries.to(site)).toEqual([ids[0], ids[2]]));
    await eventually(async () => {
      const letters = await egress(site, "all").deadLetters(site, "all", 0);
      expect(letters).toEqual([
        {
          ...{ at: expect.any(Number), id: ids[1], kind: "event", partition: 0, offset: expect.any(Number) },
          ...{ received_at: expect.any(Number), reason: "too odd" },
        },
      ]);
    });
    expect(await egress(site, "all").status(site, "all", 0)).toMatchObject({
      delivered: 2,
      refused: 1,
      lag_records: 0,
    });
  });

  it("waits as long as the target asks for", async () => {
    const site = nextSite();
    let isAway = true;
    const deliveries = recordDeliveries(() => (isAway ? { ...RETRY, afterMs: 123_000 } : undefined));
    const ids = await send(site, sessionOf(site), [0]);
    await eventually(async () => expect((await egress(site, "all").status(site, "all", 0)).failures).toBe(1));
    isAway = false;
    const { retry_at, reason } = await egress(site, "all").status(site, "all", 0);
    expect(reason).toBe(RETRY.reason);
    // The clock has moved a little since the attempt.
    expect(Math.abs((retry_at ?? 0) - Date.now() - 123_000)).toBeLessThan(20_000);
    await send(site, sessionOf(site), [0]);
    expect(deliveries.to(site)).toEqual([]);
    await eventually(async () => {
      await runAlarm(egress(site, "all"));
      expect(deliveries.to(site)).toHaveLength(2);
    });
    expect(deliveries.to(site)[0]).toBe(ids[0]);
    expect(Date.now()).toBeGreaterThanOrEqual(retry_at ?? 0);
  });

  it("sends nothing while it is paused, and everything after that", async () => {
    const site = nextSite();
    const deliveries = recordDeliveries();
    await egress(site, "all").pause(site, "all", 0);
    const session = sessionOf(site);
    const ids = [...(await send(site, session, [0])), ...(await send(site, session, [1]))];
    await eventuallySent(site, () => expect(deliveries.to(site, "small")).toEqual(ids));
    vi.setSystemTime(Date.now() + 3_600_000);
    await stop(egress(site, "all"));
    const { lag_ms, ...status } = await egress(site, "all").status(site, "all", 0);
    expect(status).toMatchObject({ paused: true, lag_records: 2 });
    expect(Math.abs(lag_ms - 3_600_000)).toBeLessThan(60_000);
    expect(deliveries.to(site)).toEqual([]);
    await egress(site, "all").resume(site, "all", 0);
    await eventuallySent(site, () => expect(deliveries.to(site)).toEqual(ids));
    await eventually(async () =>
      expect(await egress(site, "all").status(site, "all", 0)).toMatchObject({
        paused: false,
        lag_records: 0,
        lag_ms: 0,
      }),
    );
  });

  it("receives only the records of its kinds, conditions and consent", async () => {
    const site = nextSite();
    const deliveries = recordDeliveries();
    const granted = { measurement: "granted", personalisation: "granted" };
    const denied = { measurement: "granted", personalisation: "denied" };
    const event = (seq: number, name: string) => ({ type: "custom", seq, time: 1_700_000_000_000 + seq, name });
    const [one, two, three] = [sessionOf(site), sessionOf(site), sessionOf(site)];
    await send(site, one, [], { consent: granted, events: [event(0, "buy"), event(1, "look")] });
    await send(site, two, [], { consent: denied, events: [event(0, "buy")] });
    await send(site, three, [], { events: [event(0, "buy")] });
    await eventuallySent(site, () => expect(deliveries.to(site)).toHaveLength(4));
    await egress(site, "chosen").resume(site, "chosen", 0);
    await eventuallySent(site, () => expect(deliveries.to(site, "chosen")).toEqual([`${one}/tab0000001/0`]));
    await eventually(async () =>
      expect(await egress(site, "chosen").status(site, "chosen", 0)).toMatchObject({ lag_records: 0 }),
    );
  });
});

describe("a sink that is far behind", () => {
  /** Writes all records of a site into files. */
  const cut = (site: string) => request(`/v1/log/cut?site=${site}`, { ...admin, method: "POST" });

  /** Deletes the entries of the stream that are in files, as new entries do when there are many. */
  const forget = async (site: string) => {
    await runInDurableObject(partition(site), (_, { storage }) => {
      storage.sql.exec("DELETE FROM journal WHERE position < (SELECT max(position) FROM journal)");
    });
    await stop(partition(site));
  };

  it("reads the same records from the files of the log", async () => {
    const site = nextSite();
    const deliveries = recordDeliveries();
    await egress(site, "all").pause(site, "all", 0);
    const [one, two] = [sessionOf(site), sessionOf(site)];
    const ids: string[] = [];
    for (let round = 0; round < 4; round += 1) {
      for (const session of [one, two]) ids.push(...(await send(site, session, [round * 2, round * 2 + 1])));
      await eventuallySent(site, () => expect(deliveries.to(site, "small")).toHaveLength(ids.length));
      await cut(site);
    }
    await request(`/v1/log/compact?site=${site}`, { ...admin, method: "POST" });
    ids.push(...(await send(site, one, [8])));
    await eventuallySent(site, () => expect(deliveries.to(site, "small")).toHaveLength(ids.length));
    await forget(site);
    await egress(site, "all").resume(site, "all", 0);
    await eventuallySent(site, () => expect(deliveries.to(site)).toHaveLength(ids.length));
    expect(deliveries.to(site)).toEqual(deliveries.to(site, "small"));
    const records = (sink: string) =>
      deliveries.attempts.filter((each) => each.sink === sink).flatMap((each) => each.cut.records);
    expect(records("all")).toEqual(records("small").map((record) => JSON.parse(JSON.stringify(record))));
  });

  it("begins again at the first record that was received at a time", async () => {
    const site = nextSite();
    const deliveries = recordDeliveries();
    const session = sessionOf(site);
    const ids: string[] = [];
    const times: number[] = [];
    for (let seq = 0; seq < 5; seq += 1) {
      vi.setSystemTime(Date.now() + 60_000);
      times.push(Date.now());
      ids.push(...(await send(site, session, [seq])));
      await eventuallySent(site, () => expect(deliveries.to(site)).toHaveLength(ids.length));
      if (seq === 2) await cut(site);
    }
    const again = async (from: number, expected: string[]) => {
      const before = deliveries.to(site).length;
      const isMoved = await egress(site, "all").replay(site, "all", 0, from);
      expect(isMoved).toBe(expected.length > 0);
      await eventuallySent(site, () => expect(deliveries.to(site).slice(before)).toEqual(expected));
    };
    await again(times[1] as number, ids.slice(1));
    await again((times[3] as number) - 1, ids.slice(3));
    await again((times[4] as number) + 1, []);
    await cut(site);
    await forget(site);
    await again((times[1] as number) + 1, ids.slice(2));
    await again(0, ids);
  });
});
