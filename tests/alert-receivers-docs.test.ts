import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as alerts from "@tidemark/collector/alerts";
import { defineConfig, type TidemarkConfig } from "@tidemark/collector/config";
import { defaultFeatures } from "@tidemark/schema";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Notification } from "../packages/collector/src/monitor/notification.ts";
import { AFTER_REFUSAL_MS, MAX_CALLS, NOTIFY_WITHIN_MS } from "../packages/collector/src/monitor/notify/calls.ts";
import { filesIn, readDocs } from "./e2e/code-in-docs.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const page = readDocs("alerts.md");
const [{ path, code } = { path: "", code: "" }] = filesIn(page);

const configuration = (): TidemarkConfig => {
  const names = { defineConfig, defaultFeatures, ...alerts };
  const body = code.replaceAll(/^import .*$/gm, "").replace("export default", "return");
  return new Function(...Object.keys(names), body)(...Object.values(names));
};

/** The rows of the table whose first column has this heading, as cells. */
const rowsOf = (heading: string): string[][] => {
  const table = page.split("\n\n").find((block) => block.startsWith(`| ${heading} |`)) ?? "";
  const [, , ...rows] = table.trim().split("\n");
  return rows.map((row) => row.split("|").map((cell) => cell.trim().replaceAll("`", "")));
};

const messages: Notification[] = [
  {
    ...{ key: 'TidemarkLogStale{site="shop"}', alert: "TidemarkLogStale", severity: "page", state: "resolved" },
    ...{ summary: "The log of site shop is stale.", labels: { site: "shop" }, value: null },
    ...{ since: Date.UTC(2026, 10, 30, 4, 56, 54), until: Date.UTC(2026, 10, 30, 5, 0, 54) },
    runbook: "https://wiki.example/runbooks#tidemarklogstale",
  },
];

afterEach(() => {
  vi.restoreAllMocks();
});

describe("docs/alerts.md", () => {
  it("shows a configuration with receivers, whose types are right", () => {
    expect(path).toBe("tidemark.config.ts");
    expect(configuration().alerts?.to.map(({ name }) => name)).toEqual([
      ...["pagerduty", "opsgenie", "slack", "heartbeat"],
    ]);
    // Imports resolve from there, and it is not part of the repository.
    const cache = join(ROOT, "node_modules/.cache");
    mkdirSync(cache, { recursive: true });
    const folder = mkdtempSync(join(cache, "alerts-docs-"));
    try {
      writeFileSync(join(folder, path), code);
      const settings = { types: ["@cloudflare/workers-types", "node"], lib: ["ES2023"], rootDir: ROOT };
      const compilerOptions = {
        ...settings,
        noEmit: true,
        composite: false,
        declaration: false,
        declarationMap: false,
      };
      const tsconfig = { extends: join(ROOT, "tsconfig.base.json"), compilerOptions, include: ["."] };
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
      const errors = () => {
        const { stdout } = spawnSync(join(ROOT, "node_modules/.bin/tsc"), ["-p", folder], { encoding: "utf8" });
        return stdout.split("\n").filter((line) => line.includes(path));
      };
      expect(errors()).toEqual([]);
      writeFileSync(join(folder, path), code.replace('ticket: "P4"', 'ticket: "P6"'));
      expect(errors()).toEqual([expect.stringContaining("P6")]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each([
    ["pagerDuty", "pager-duty", "PagerDutySettings"],
    ["opsgenie", "opsgenie", "OpsgenieSettings"],
    ["slack", "slack", "SlackSettings"],
    ["webhookAlerts", "webhook-alerts", "WebhookAlertsSettings"],
  ])("lists every setting of %s", (receiver, file, type) => {
    const source = readFileSync(join(ROOT, `packages/collector/src/monitor/notify/${file}.ts`), "utf8");
    const [, body = ""] =
      new RegExp(`interface ${type} extends ReceiverSettings \\{(.*?)^\\}`, "ms").exec(source) ?? [];
    const fields = [...body.matchAll(/^ {2}(\w+)\??:/gm)].map(([, name]) => name);
    expect(fields.length).toBeGreaterThan(0);
    expect(rowsOf(`setting of \`${receiver}\``).map(([, name]) => name)).toEqual(fields);
  });

  it("lists the settings of every receiver", () => {
    const source = readFileSync(join(ROOT, "packages/collector/src/alert-receiver.ts"), "utf8");
    const [, body = ""] = /interface ReceiverSettings \{(.*?)^\}/ms.exec(source) ?? [];
    const fields = [...body.matchAll(/^ {2}(\w+)\??:/gm)].map(([, name]) => name);
    expect(rowsOf("setting").map(([, name]) => name)).toEqual(fields);
  });

  it("shows the message of a webhook", async () => {
    const [, example = ""] = /```json\n(.*?)```/s.exec(page) ?? [];
    const bodies: string[] = [];
    vi.spyOn(globalThis, "fetch").mockImplementation(async (_, init) => {
      bodies.push(`${init?.body}`);
      return new Response(null, { status: 204 });
    });
    vi.spyOn(Date, "now").mockReturnValue(Date.UTC(2026, 10, 30, 5, 1));
    const receiver = configuration().alerts?.to.find(({ type }) => type === "webhook");
    const secret = `whsec_${Buffer.from("x".repeat(32)).toString("base64")}`;
    await (await receiver?.create({ ALERTS_WEBHOOK_SECRET: secret }))?.notify(messages);
    expect(bodies.map((body) => JSON.parse(body))).toEqual([JSON.parse(example)]);
  });

  it("has the limits of the code", () => {
    expect(page).toContain(`at most ${MAX_CALLS} requests to a receiver, within ${NOTIFY_WITHIN_MS / 1_000} seconds`);
    expect(page).toContain("after a minute: only a change of the configuration helps");
    expect(AFTER_REFUSAL_MS).toBe(60_000);
  });
});
