import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { SinkTarget } from "../../src/define-sink.ts";
import type { Env } from "../../src/env.ts";
import { clickhouse, postgres } from "../../src/sinks/index.ts";
import type { Sink } from "../../src/sinks/sink.ts";
import { cutOf, eventRecord } from "./kafka/records.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const attempt = async (target: SinkTarget, secrets: object) => {
  const sink = (await target.create({ sink: "tables", features: [] })) as Sink;
  const context = {
    ...{ env: { ...env, ...secrets } as unknown as Env, signal: AbortSignal.timeout(20_000) },
    ...{ site: "shop", partition: 0 },
  };
  return (await sink.attempt(cutOf([eventRecord("s1", 1)]), undefined, context)).outcomes;
};

describe("a sink of a database in the Workers runtime", () => {
  it("sends rows to ClickHouse, and follows no redirect", async () => {
    const requests: Request[] = [];
    const responses = [new Response(null, { status: 200 }), Response.redirect("https://other.example", 307)];
    vi.spyOn(globalThis, "fetch").mockImplementation(async (address, init) => {
      requests.push(new Request(`${address}`, init as RequestInit));
      return responses.shift() as Response;
    });
    const target = clickhouse({ url: "https://db.example.com", passwordSecret: "DATABASE_PASSWORD" });
    expect(await attempt(target, { DATABASE_PASSWORD: "hidden" })).toEqual([{ type: "delivered" }]);
    expect(await attempt(target, { DATABASE_PASSWORD: "hidden" })).toEqual([
      { type: "retry", reason: "the response has status 307, and is not one of ClickHouse" },
    ]);
    expect(await requests[0]?.json()).toMatchObject({ session_id: "s1", tab_id: "tab1", seq: 1 });
    expect(requests.map(({ redirect }) => redirect)).toEqual(["manual", "manual"]);
    expect(requests[0]?.headers.get("x-clickhouse-key")).toBe("hidden");
  });

  it.each(["db.example.com", "https://db.example.com", "postgres://[hidden", "postgres://"])(
    "names the form of an address of Postgres for %s",
    async (address) => {
      const [outcome] = await attempt(postgres({ urlSecret: "DATABASE_URL" }), { DATABASE_URL: address });
      expect(outcome).toEqual({
        type: "retry",
        reason:
          "the connection to Postgres failed: the address is not one of Postgres, such as postgres://user:password@db.example.com/shop",
      });
    },
  );

  it("loads the library of Postgres, and tries again when the server cannot be reached", async () => {
    const target = postgres({ urlSecret: "DATABASE_URL" });
    const [outcome] = await attempt(target, { DATABASE_URL: "postgres://writer:hidden@127.0.0.1:1/shop" });
    expect(outcome).toEqual({ type: "retry", reason: expect.stringContaining("the connection to Postgres failed: ") });
    expect(JSON.stringify(outcome)).not.toContain("hidden");
  });
});
