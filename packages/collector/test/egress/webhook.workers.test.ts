import { afterEach, describe, expect, it, vi } from "vitest";
import { accept, batch, custom, newSession } from "../workers/client.ts";
import { WEBHOOK } from "../workers/worker.ts";
import { egress, eventually } from "./feed.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a webhook as a sink", () => {
  it("receives the records of a cut in one signed request, and the same one again after a failure", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    const requests: { headers: Headers; body: string }[] = [];
    vi.spyOn(globalThis, "fetch").mockImplementation(async (url, init) => {
      expect(url).toBe(WEBHOOK);
      requests.push({ headers: new Headers(init?.headers), body: `${init?.body}` });
      return new Response(null, { status: requests.length === 1 ? 503 : 204 });
    });
    const session_id = newSession("push");
    await accept(batch([custom(0), custom(1)], { key: "tm_push_66666666", session_id }));
    await eventually(() => expect(requests).toHaveLength(1));
    await egress("push", "server").resume("push", "server", 0);
    await eventually(() => expect(requests).toHaveLength(2));
    const [first, second] = requests;
    expect(second?.body).toBe(first?.body);
    expect(JSON.parse(`${first?.body}`)).toMatchObject([
      { id: `${session_id}/tab0000001/0`, kind: "event", site: "push", event: { seq: 0, session_id } },
      { id: `${session_id}/tab0000001/1`, kind: "event", site: "push", event: { seq: 1, session_id } },
    ]);
    const id = first?.headers.get("webhook-id");
    expect(id).toMatch(/^push\/0\/\d+-\d+$/);
    expect(second?.headers.get("webhook-id")).toBe(id);
    expect(first?.headers.get("webhook-signature")).toMatch(/^v1,/);
    await eventually(async () =>
      expect(await egress("push", "server").status("push", "server", 0)).toMatchObject({ delivered: 2, failures: 0 }),
    );
  });
});
