import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { AlertSilence, AlertsResponse } from "@tidemark/schema";
import { describe, expect, it, onTestFinished } from "vitest";
import { deploymentFolder, runTidemark } from "../log/run-tidemark.ts";

const AT = Date.UTC(2026, 10, 30, 9);

const SILENCE: AlertSilence = {
  ...{ id: "6fd2", alert: "TidemarkSinkDown", labels: { sink: "orders" }, until: AT + 7_200_000 },
  ...{ comment: "Maintenance.", created_at: AT },
};

const ALERTS: AlertsResponse = {
  ...{ evaluated_at: AT, problem: "the object is overloaded", omitted_series: 7, silences: [SILENCE] },
  alerts: [
    { name: "TidemarkCollectorDown", severity: "page", for_seconds: 60, by: "prometheus", instances: [] },
    { name: "TidemarkLogStale", severity: "page", for_seconds: 120, by: "collector", instances: [] },
    {
      ...{ name: "TidemarkSinkDown", severity: "page", for_seconds: 180, by: "collector" },
      instances: [
        {
          ...{ labels: { site: "shop", sink: "orders" }, state: "firing", since: AT - 60_000, value: 3 },
          ...{ summary: "All attempts of sink orders of site shop fail.", silenced: true },
        },
        {
          ...{ labels: { site: "shop", sink: "lake" }, state: "pending", since: AT, value: 1 },
          ...{ summary: "All attempts of sink lake of site shop fail.", silenced: false },
        },
      ],
    },
  ],
  receivers: [
    { name: "pagerduty", type: "pagerduty", called_at: AT, failures: 2, detail: "503" },
    { name: "chat", type: "slack", called_at: null, failures: 0, detail: null },
  ],
};

/** A collector with these responses by method and path, and the requests that it has received. */
const serve = async (responses: Record<string, object>) => {
  const requests: { line: string; body: string }[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const line = `${request.method} ${request.url}`;
    requests.push({ line: `${line} ${request.headers.authorization}`, body });
    const error = { error: { code: "not_found", message: "This deployment has no alerts." } };
    const found = responses[line];
    response.writeHead(found ? 200 : 404, { "content-type": "application/json" }).end(JSON.stringify(found ?? error));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
};

const env = { TIDEMARK_ADMIN_KEY: "the-admin-key" };
const run = (url: string, ...args: string[]) => runTidemark(deploymentFolder(), ["alerts", ...args, "--url", url], env);

describe("tidemark alerts", () => {
  it("list shows each state of each alert, the receivers and the silences", async () => {
    const { url, requests } = await serve({ "GET /v1/alerts": ALERTS });
    const { code, stdout, stderr } = await run(url, "list");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^TidemarkCollectorDown +page +by Prometheus *$/m);
    expect(stdout).toMatch(/^TidemarkLogStale +page +inactive *$/m);
    expect(stdout).toMatch(
      /^TidemarkSinkDown +page +firing, silenced +2026-11-30 08:59:00 +3 +site=shop sink=orders *$/m,
    );
    expect(stdout).toMatch(/^TidemarkSinkDown +page +pending +2026-11-30 09:00:00 +1 +site=shop sink=lake *$/m);
    expect(stdout).toMatch(/^pagerduty +pagerduty +2 +503 *$/m);
    expect(stdout).toMatch(/^chat +slack +0 +not called yet *$/m);
    expect(stdout).toMatch(/^6fd2 +TidemarkSinkDown +sink=orders +2026-11-30 11:00:00 +Maintenance\. *$/m);
    expect(stdout).toContain("Evaluated at 2026-11-30 09:00:00 UTC.");
    expect(stdout).toContain("The latest round failed: the object is overloaded");
    expect(stdout).toContain("leave out 7 series");
    expect(requests.map(({ line }) => line)).toEqual(["GET /v1/alerts Bearer the-admin-key"]);
    expect((await run(url, "list", "--json")).json()).toEqual(ALERTS.alerts);
  });

  it("test shows the response of each receiver, and fails if one has not accepted the message", async () => {
    const receivers = [
      { name: "pagerduty", type: "pagerduty", accepted: true, detail: "202" },
      { name: "chat", type: "slack", accepted: false, detail: "404 no_team" },
    ];
    const { url } = await serve({ "POST /v1/alerts/test": { receivers } });
    const { code, stdout } = await run(url, "test");
    expect([code, stdout]).toEqual([1, expect.stringMatching(/^chat +slack +no +404 no_team *$/m)]);
    expect((await run(url, "test", "--json")).json()).toEqual(receivers);
    const working = await serve({ "POST /v1/alerts/test": { receivers: receivers.slice(0, 1) } });
    expect((await run(working.url, "test")).code).toBe(0);
  });

  it("silence adds and removes a silence", async () => {
    const { url, requests } = await serve({
      "POST /v1/alerts/silences": SILENCE,
      "DELETE /v1/alerts/silences/6fd2": { id: "6fd2", removed: true },
      "DELETE /v1/alerts/silences/none": { id: "none", removed: false },
    });
    const args = ["TidemarkSinkDown", "--labels", "sink=orders,site=a=b", "--for", "2h", "--comment", "Maintenance."];
    const begin = Date.now();
    expect((await run(url, "silence", ...args)).stdout).toBe(
      "TidemarkSinkDown with sink=orders: silent until 2026-11-30 11:00:00 UTC (silence 6fd2).\n",
    );
    const { until, ...body } = JSON.parse(requests[0]?.body ?? "");
    expect(body).toEqual({
      ...{ alert: "TidemarkSinkDown", labels: { sink: "orders", site: "a=b" }, comment: "Maintenance." },
    });
    expect(Date.parse(until) - begin).toBeGreaterThanOrEqual(7_200_000);
    expect(Date.parse(until) - Date.now()).toBeLessThanOrEqual(7_200_000);
    expect((await run(url, "silence", "--remove", "6fd2")).stdout).toBe("Removed the silence 6fd2.\n");
    expect(await run(url, "silence", "--remove", "none")).toMatchObject({
      ...{ code: 1, stderr: expect.stringContaining("There is no silence none.") },
    });
  });

  it("explains a wrong command line, and a deployment without alerts", async () => {
    const { url } = await serve({});
    const usage = [
      ["TidemarkSinkDown"],
      ["--for", "2h", "--comment", "x"],
      ["TidemarkSinkDown", "--for", "2 hours", "--comment", "x"],
      ["TidemarkSinkDown", "--for", "2h", "--comment", "x", "--labels", "sink"],
      ["TidemarkSinkDown", "TidemarkLogStale", "--for", "2h", "--comment", "x"],
    ];
    for (const args of usage) expect(await run(url, "silence", ...args)).toMatchObject({ code: 2 });
    expect(await run(url, "list")).toMatchObject({ code: 1, stderr: expect.stringContaining("has no alerts") });
  });
});
