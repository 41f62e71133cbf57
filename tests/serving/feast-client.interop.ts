import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type LocalStack, startLocalStack } from "@tidemark/cli/local-stack";
import type { RollupVectorResponse, SessionVectorResponse } from "@tidemark/schema";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EXAMPLE_SITE } from "../../scripts/example-site.ts";
import { pythonPackages } from "../interop/install.ts";

/**
 * @shows Feast's own client reads by POST /get-online-features what GET /v1/features serves, and null for an unknown entity
 * @needs Python 3.10 or later with pip; installs feast 0.67.0 (500 MB) once
 */
const PROGRAM = fileURLToPath(new URL("online_features.py", import.meta.url));

describe("Feast's client", { timeout: 120_000 }, () => {
  let python: string;
  let stack: LocalStack;
  beforeAll(async () => {
    python = await pythonPackages("feast[redis]==0.67.0");
    stack = await startLocalStack({ site: EXAMPLE_SITE });
  });
  afterAll(() => stack?.stop());

  const read = async <V>(path: string): Promise<V> => {
    const headers = { authorization: `Bearer ${stack.readKey}` };
    return (await fetch(`${stack.collector.origin}/v1/features/${path}`, { headers })).json() as Promise<V>;
  };

  const visit = async () => {
    const [now, id] = [Date.now(), crypto.randomUUID()];
    const body = {
      ...{ v: 1, key: "tm_demo_3f9c1e7ab2d84056", sent_at: now, session_id: `demo.${id}`, anonymous_id: id },
      ...{ tab_id: "tab0000001", user_id: `user-${id}`, sdk: "test/1", views: [] },
      events: [{ type: "custom", seq: 0, time: now, name: "x" }],
    };
    const response = await fetch(`${stack.collector.origin}/v1/events`, { method: "POST", body: JSON.stringify(body) });
    expect(response.status).toBe(200);
    await expect
      .poll(() => read<Partial<RollupVectorResponse>>(`user/${body.user_id}`), { timeout: 20_000 })
      .toHaveProperty("features");
    return body;
  };

  /** Reads with Feast's client: the columns of its answer. */
  const online = (features: string[], rows: object[]): Record<string, unknown[]> => {
    const output = execFileSync("python3", ["-B", PROGRAM], {
      input: JSON.stringify({ origin: stack.collector.origin, key: stack.readKey, features, rows }),
      encoding: "utf8",
      env: { ...process.env, PYTHONPATH: python, FEAST_USAGE: "False" },
    });
    const { version, ...columns } = JSON.parse(output.trim().split("\n").at(-1) ?? "");
    console.log(`Feast ${version}`);
    return columns;
  };

  it("has the collector's values", async () => {
    const { session_id, user_id } = await visit();
    const { features } = await read<SessionVectorResponse>(`session/${session_id}`);
    expect(
      online(
        ["session_features:event_count", "session_features:custom_event_count"],
        [{ session_id }, { session_id: "demo.unknown-session" }],
      ),
    ).toEqual({
      session_id: [session_id, "demo.unknown-session"],
      event_count: [features.event_count, null],
      custom_event_count: [features.custom_event_count, null],
    });
    const user = await read<RollupVectorResponse>(`user/${user_id}`);
    expect(online(["user_features:user_session_count"], [{ user_id }])).toEqual({
      user_id: [user_id],
      user_session_count: [user.features.user_session_count],
    });
  });
});
