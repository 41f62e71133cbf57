import { afterEach, describe, expect, it } from "vitest";
import { egress, eventually, nextSite, recordDeliveries, send, sessionOf } from "../egress/feed.ts";
import { errorOf, request } from "../workers/client.ts";
import { traffic } from "../workers/worker.ts";

const { attempt } = traffic;
const admin = { headers: { authorization: "Bearer admin-key" } };
const post = { ...admin, method: "POST" };

afterEach(() => {
  traffic.attempt = attempt;
});

const statusOf = async (site: string, sink: string) => {
  const { sinks } = await (await request(`/v1/sinks?site=${site}`, admin)).json<{
    sinks: { sink: string; partitions: Record<string, unknown>[] }[];
  }>();
  return sinks.find((each) => each.sink === sink)?.partitions;
};

describe("the routes of sinks", () => {
  it("pause, resume and replay a sink, and list its progress and its refused records", async () => {
    const site = nextSite();
    const deliveries = recordDeliveries((id) => (id.endsWith("/9") ? { type: "refused", reason: "odd" } : undefined));
    const sent = Date.now();
    expect(await (await request(`/v1/sinks/all/pause?site=${site}`, post)).json()).toEqual({
      sink: "all",
      partitions: 1,
    });
    const ids = await send(site, sessionOf(site), [0, 9]);
    await eventually(() => expect(deliveries.to(site, "small")).toEqual(ids.slice(0, 1)));
    expect(await statusOf(site, "all")).toMatchObject([{ partition: 0, paused: true, lag_records: 2, delivered: 0 }]);
    expect(await (await request(`/v1/sinks/all/resume?site=${site}`, post)).json()).toEqual({
      sink: "all",
      partitions: 1,
    });
    await eventually(async () => {
      expect(await statusOf(site, "all")).toMatchObject([
        {
          paused: false,
          lag_records: 0,
          lag_ms: 0,
          delivered: 1,
          refused: 1,
          failures: 0,
          retry_at: null,
          reason: null,
        },
      ]);
    });
    const letters = await (await request(`/v1/sinks/all/dead-letters?site=${site}`, admin)).json();
    expect(letters).toMatchObject({ dead_letters: [{ id: ids[1], reason: "odd", partition: 0 }] });
    const replay = `/v1/sinks/all/replay?site=${site}&from=${new Date(sent).toISOString()}`;
    expect(await (await request(replay, post)).json()).toEqual({ sink: "all", partitions: 1 });
    await eventually(() => expect(deliveries.to(site)).toEqual([ids[0], ids[0]]));
  });

  it("explain a wrong site, sink or time", async () => {
    const site = nextSite();
    const error = async (path: string) => errorOf(await request(path, post));
    expect(await error(`/v1/sinks/none/pause?site=${site}`)).toEqual([
      ...[404, "not_found", `Site ${site} has no sink "none"; expected all, small, chosen.`],
    ]);
    expect((await error("/v1/sinks/all/pause"))[1]).toBe("invalid_query");
    const codes = [
      "/v1/sinks/all/pause?site=blog",
      "/v1/sinks/all/pause?site=shop",
      `/v1/sinks/all/replay?site=${site}`,
      `/v1/sinks/all/replay?site=${site}&from=noon`,
    ].map(async (path) => (await error(path))[1]);
    expect(await Promise.all(codes)).toEqual(["no_log", "not_found", "invalid_query", "invalid_query"]);
  });

  it("have the lag and the outcomes of each sink in the metrics", async () => {
    const site = nextSite();
    recordDeliveries((_, { sink }) => (sink === "small" ? { type: "retry", reason: "away" } : undefined));
    await send(site, sessionOf(site), [0, 1]);
    await eventually(async () => expect((await egress(site, "small").status(site, "small", 0)).failures).toBe(1));
    await eventually(async () => {
      const text = await (await request("/metrics", admin)).text();
      expect(text).toContain(`tidemark_sink_lag_records{site="${site}",sink="all"} 0`);
      expect(text).toContain(`tidemark_sink_lag_records{site="${site}",sink="small"} 2`);
      expect(text).toContain(`tidemark_sink_paused{site="${site}",sink="chosen"} 1`);
      expect(text).toContain(`tidemark_sink_records_total{site="${site}",sink="all",outcome="delivered"} 2`);
      expect(text).toContain(`tidemark_sink_attempts_total{site="${site}",sink="small",outcome="failed"}`);
      expect(text).toMatch(/^tidemark_wait_seconds_count\{on="sink",outcome="ok"\} [1-9]/m);
      expect(text).toMatch(/^tidemark_wait_seconds_count\{on="sink",outcome="error"\} [1-9]/m);
      expect(text).toMatch(new RegExp(`tidemark_sink_lag_seconds\\{site="${site}",sink="small"\\} \\d`));
    });
  });
});
