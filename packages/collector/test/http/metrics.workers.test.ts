import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { gzipSync } from "node:zlib";
import { describe, expect, it, vi } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { createApp } from "../../src/http/app.ts";
import { SessionStore, StorageError } from "../../src/session/store.ts";
import { parseExposition } from "../metrics/parse-exposition.ts";
import { accept, batch, batchFor, custom, errorOf, NOW, post, request } from "../workers/client.ts";
import { changes, flushAtOnce, scrape, wait } from "./scrape.ts";

flushAtOnce();

describe("GET /metrics", () => {
  it("counts events by outcome and site", async () => {
    const first = batch([custom(0), custom(1), { type: "nothing", seq: 2, time: 1 }]);
    await changes(
      async () => {
        await accept(first);
        await accept(first);
        await accept(batch([custom(0)], { key: "tm_blog_bbbbbbbb", session_id: "blog.session-metrics" }));
      },
      {
        'tidemark_events_accepted_total{site="shop"}': 2,
        'tidemark_events_duplicate_total{site="shop"}': 2,
        'tidemark_events_received_total{site="shop"}': 6,
        'tidemark_sdk_events_total{site="shop",release="test/1"}': 6,
        'tidemark_events_rejected_total{site="shop",code="unknown_type",field="type",release="test/1"}': 2,
        'tidemark_events_accepted_total{site="blog"}': 1,
        'tidemark_events_duplicate_total{site="blog"}': 0,
        'tidemark_requests_total{route="/v1/events",status="200"}': 3,
      },
    );
  });

  it("counts the SDK's reports about itself by release and browser, each once", async () => {
    const reported = batch([custom(0)], { sdk_report: { script_ms: 120, errors: 2, storage_errors: 1 } });
    const labels = 'site="shop",release="test/1",browser="firefox"';
    await changes(
      async () => {
        // The second one is the same batch, which the page sends again because it got no response.
        for (let attempt = 0; attempt < 2; attempt += 1) {
          const headers = { "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0" };
          const response = await request("/v1/events", { method: "POST", headers, body: JSON.stringify(reported) });
          expect(response.status).toBe(200);
        }
      },
      {
        [`tidemark_sdk_script_seconds_count{${labels}}`]: 1,
        [`tidemark_sdk_script_seconds_sum{${labels}}`]: 0.12,
        [`tidemark_sdk_script_seconds_bucket{${labels},le="0.1"}`]: 0,
        [`tidemark_sdk_script_seconds_bucket{${labels},le="0.25"}`]: 1,
        [`tidemark_sdk_errors_total{${labels}}`]: 2,
        [`tidemark_sdk_storage_errors_total{${labels}}`]: 1,
      },
    );
  });

  it("counts missing events until they arrive or are reported as dropped", async () => {
    const { session_id } = batch([]);
    const missing = 'tidemark_events_missing{site="shop"}';
    const dropped = 'tidemark_events_dropped_total{site="shop",reason="overflow"}';
    await changes(() => accept(batch([custom(5)], { session_id })), { [missing]: 5, [dropped]: 0 });
    await changes(() => accept(batch([custom(3), custom(4)], { session_id })), { [missing]: -2, [dropped]: 0 });
    const explained = batch([custom(6)], { session_id, dropped: [{ from_seq: 0, to_seq: 2, reason: "overflow" }] });
    await changes(
      async () => {
        await accept(explained);
        // A repeated report does not count again.
        await accept(explained);
      },
      { [missing]: -3, [dropped]: 3 },
    );
  });

  it("counts rejections for lack of consent: of whole batches and of single events", async () => {
    const consent = { measurement: "granted", personalisation: "denied" };
    await changes(
      async () => {
        await post(JSON.stringify(batchFor("bank", [custom(0), custom(1)])));
        await accept(batchFor("bank", [{ type: "identify", seq: 0, time: NOW, user_id: "ann" }], { consent }));
      },
      {
        'tidemark_events_received_total{site="bank"}': 3,
        'tidemark_events_rejected_total{site="bank",code="no_consent",field="consent",release="test/1"}': 2,
        'tidemark_events_rejected_total{site="bank",code="no_consent",field="user_id",release="test/1"}': 1,
        'tidemark_events_accepted_total{site="bank"}': 0,
        'tidemark_events_missing{site="bank"}': 0,
      },
    );
  });

  it("is not distorted by a sequence number that no tab reaches", async () => {
    const absurd = Number.MAX_SAFE_INTEGER;
    await changes(() => accept(batch([custom(absurd)])), {
      'tidemark_events_missing{site="shop"}': 0,
      'tidemark_events_rejected_total{site="shop",code="invalid_field",field="seq",release="test/1"}': 1,
    });
    const dropped = [{ from_seq: 0, to_seq: absurd, reason: "overflow" }];
    expect((await post(JSON.stringify(batch([custom(0)], { dropped })))).status).toBe(400);
  });

  it("counts rejected requests by route, and all unmatched paths together", async () => {
    await changes(
      async () => {
        await post("no json");
        await request("/made-up-1");
        await request("/made-up-2");
      },
      {
        'tidemark_requests_total{route="/v1/events",status="400"}': 1,
        'tidemark_requests_total{route="none",status="404"}': 2,
      },
    );
  });

  it("counts the bytes of bodies as received, and each wait for another part", async () => {
    const body = JSON.stringify(batch([custom(0)], { anonymous_id: "waiting-visitor" }));
    await changes(
      async () => {
        expect((await post(body)).status).toBe(200);
        await request("/v1/features/user/waiting-visitor", { headers: { authorization: "Bearer shop-read-key" } });
        // The response to a later batch carries the wait for the push of this one.
        await wait(1_100);
        await post(JSON.stringify(batch([custom(0)])));
      },
      {
        'tidemark_wait_seconds_count{on="session",outcome="ok"}': 2,
        'tidemark_wait_seconds_count{on="push",outcome="ok"}': 2,
        'tidemark_wait_seconds_count{on="entity_read",outcome="ok"}': 1,
        'tidemark_wait_seconds_count{on="session",outcome="error"}': 0,
      },
    );
    const gzipped = gzipSync(body);
    await changes(() => post(gzipped), { 'tidemark_request_bytes_total{site="shop"}': gzipped.length });
  });

  it("counts late events by cause", async () => {
    const now = Date.now();
    const eventOf = (seq: number, minutes: number) => ({ ...custom(seq), time: now - minutes * 60_000 });
    const sent = { sent_at: now };
    await changes(
      async () => {
        await accept(batch([eventOf(0, 10)], sent));
        await accept(batch([eventOf(0, 10), eventOf(1, 1)], sent));
        await accept(batch([eventOf(0, 180)], { sent_at: now - 180 * 60_000 }));
      },
      {
        'tidemark_events_late_total{site="shop",cause="closed"}': 1,
        'tidemark_events_late_total{site="shop",cause="offline"}': 1,
        'tidemark_events_late_total{site="shop",cause="clock"}': 1,
      },
    );
  });

  it("counts calls of objects that fail", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    vi.spyOn(SessionStore.prototype, "commit").mockImplementation(() => {
      throw new StorageError("the storage is full");
    });
    await changes(async () => expect((await post(JSON.stringify(batch([custom(0)])))).status).toBe(503), {
      'tidemark_object_errors_total{object="Session"}': 1,
      'tidemark_wait_seconds_count{on="session",outcome="error"}': 1,
    });
  });

  it("states the release, and the format that the scrape accepts", async () => {
    const accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";
    const response = await request("/metrics", { headers: { authorization: "Bearer admin-key", accept } });
    expect(response.headers.get("content-type")).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
    expect(response.headers.get("vary")).toContain("Accept");
    const families = parseExposition(await response.text(), "openmetrics");
    const build = families.find(({ name }) => name === "tidemark_build_info");
    expect(build?.samples).toEqual([
      { name: "tidemark_build_info", labels: { version: manifest.version, contract: "1" }, value: 1 },
    ]);
  });

  it("requires the operator's key", async () => {
    const [status, code, message] = await errorOf(await scrape("wrong"));
    expect([status, code]).toEqual([401, "unauthorized"]);
    expect(message).toContain("the secret ADMIN_KEY");
    expect((await request("/metrics")).status).toBe(401);
    expect((await scrape("shop-read-key")).status).toBe(401);
    const response = await scrape();
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  });

  it.each([{}, { NEVER_SET: "" }])("is disabled while the operator's key is not set: %j", async (secrets) => {
    const app = createApp({ sites: [], adminKeySecret: "NEVER_SET", features: [] }, new Map());
    for (const headers of [{}, { authorization: "Bearer " }, { authorization: "Bearer undefined" }]) {
      const response = await app.request("/metrics", { headers }, { ...env, ...secrets }, createExecutionContext());
      const [status, code, message] = await errorOf(response);
      expect([status, code]).toEqual([404, "not_found"]);
      expect(message).toContain("wrangler secret put NEVER_SET");
    }
  });
});
