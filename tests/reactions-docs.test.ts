import { defineConfig, defineReaction, type Reaction, type TidemarkConfig } from "@tidemark/collector/config";
import { batch, batchResponse, defaultFeatures, defineFeatures, event, session } from "@tidemark/schema";
import type { ReactionPayload } from "@tidemark/schema/log";
import { describe, expect, it } from "vitest";
import { BEGIN, logOf, type TestRecord } from "../packages/cli/test/log/log-records.ts";
import { ADMIN_KEY, serveLog } from "../packages/cli/test/log/log-server.ts";
import { deploymentFolder, runTidemark } from "../packages/cli/test/log/run-tidemark.ts";
import { createTenants } from "../packages/collector/src/tenants.ts";
import { readDocs } from "./e2e/code-in-docs.ts";

const page = readDocs("reactions.md");

const blocksOf = (language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"))].map(([, code = ""]) => code);

/** Runs the configuration on the page. */
const configuration = (change = (code: string) => code): TidemarkConfig => {
  const code = change(blocksOf("ts")[0] ?? "").replaceAll(/^import .*$/gm, "");
  const run = new Function(
    "defineConfig",
    "defineReaction",
    "defaultFeatures",
    code.replace("export default", "return"),
  );
  return run(defineConfig, defineReaction, defaultFeatures);
};

/** The rows of the tables whose first column has this heading. */
const namesIn = (heading: string): string[] => {
  const tables = page.split("\n\n").filter((block) => block.startsWith(`| ${heading} |`));
  const [, , ...rows] = tables.join("\n").trim().split("\n");
  return rows.flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`(\w+)`/g)].map(([, name = ""]) => name));
};

const cause = {
  ...{ holdout: 0.5, to: ["page"], rule: { op: "gte", left: { feature: "click_count" }, right: 3 } },
  ...{ features: { click_count: 3 }, predictions: { purchase: { value: 0.5, version: 1 } } },
  ...{ definition_version: "0123456789ab", event_time: BEGIN, expires_at: BEGIN + 60_000 },
} satisfies Partial<ReactionPayload>;

const payload = (session: number, step: ReactionPayload["step"], arm: ReactionPayload["arm"]): ReactionPayload => ({
  ...{ reaction: "hesitation", reaction_id: `id-${session}`, step, entity: "session", id: `shop.s${session}`, arm },
  ...{ time: BEGIN, ...(step === "fired" && cause) },
});

describe("docs/reactions.md", () => {
  it("shows a configuration with a reaction", () => {
    expect(configuration().reactions?.map(({ name, holdout }) => [name, holdout])).toEqual([["hesitation", 0.1]]);
  });

  it("shows a reaction that time fulfils", () => {
    const code = blocksOf("ts").find((block) => block.startsWith("defineReaction("));
    const reaction = new Function("defineReaction", `return ${code}`)(defineReaction) as Reaction;
    const { sites, ...config } = configuration();
    const tenants = createTenants(defineConfig({ ...config, sites, reactions: [reaction] }));
    expect(tenants.get("shop")?.reactions[0]?.timed).toBeDefined();
  });

  it("shows a reaction on one page, by a feature of its own", () => {
    const code = blocksOf("ts").find((block) => block.includes("pricingHelp")) ?? "";
    const run = new Function(
      ...["defineReaction", "defaultFeatures", "defineFeatures", "session"],
      `${code.replaceAll(/^import .*$/gm, "").replaceAll("export const", "const")}; return { features, pricingHelp };`,
    );
    const { features, pricingHelp } = run(defineReaction, defaultFeatures, defineFeatures, session);
    const { sites, ...config } = configuration();
    const tenants = createTenants(defineConfig({ ...config, sites, features, reactions: [pricingHelp] }));
    expect(tenants.get("shop")?.reactions.map(({ name }) => name)).toEqual(["pricing_help"]);
  });

  it("shows the error of a wrong definition", () => {
    const [error = ""] = blocksOf("text");
    expect(() => configuration((code) => code.replace("click_count", "clicks"))).toThrow(error.trim());
  });

  it("shows a batch and the response to it", () => {
    const [sent = "", received = ""] = blocksOf("json");
    const { events, ...envelope } = batch.parse(JSON.parse(sent));
    expect(events.map((each) => event.safeParse(each).success)).toEqual([true]);
    expect(envelope.reactions_received).toEqual([]);
    const { reactions } = batchResponse.strict().parse(JSON.parse(received));
    expect(reactions?.map(({ name }) => name)).toEqual(["hesitation"]);
  });

  it("lists each key of a definition, and each field and step of a record", () => {
    const keys = { ...configuration().reactions?.[0], cooldownMs: 0 };
    expect(namesIn("key").filter((name) => name in keys)).toEqual(expect.arrayContaining(Object.keys(keys)));
    expect(namesIn("step")).toEqual(["fired", "received", "unknown", "expired"]);
    const fields = namesIn("field");
    for (const name of Object.keys(payload(1, "fired", "treatment"))) expect(fields).toContain(name);
  });

  it("shows queries over the records", async () => {
    const steps: [session: number, step: ReactionPayload["step"], arm: ReactionPayload["arm"]][] = [
      [1, "fired", "treatment"],
      [1, "received", "treatment"],
      [1, "fired", "treatment"],
      [2, "fired", "treatment"],
      [2, "expired", "treatment"],
      [3, "fired", "holdout"],
    ];
    const records = steps.map(
      ([session, step, arm], index): TestRecord => ({
        ...{ kind: "reaction", site: "shop", partition: 0, offset: 1_000_000 + index, arrival: 100 + index },
        ...{ received_at: BEGIN, v: 1, session_id: `shop.s${session}`, payload: payload(session, step, arm) },
      }),
    );
    const { url } = await serveLog([...logOf({ features: defaultFeatures, sessions: 2, partitions: 1 }), ...records]);
    const query = (sql = "") =>
      runTidemark(deploymentFolder(), ["log", "query", "--json", sql, "--url", url], { TIDEMARK_ADMIN_KEY: ADMIN_KEY });
    const [stepsByArm, causeOfOne] = blocksOf("sql");
    const { rule, features, predictions, definition_version } = cause;
    expect(JSON.parse((await query(causeOfOne)).stdout)).toMatchObject({
      ...{ reaction: "hesitation", rule, features, predictions, definition_version },
    });
    const { stdout, stderr } = await query(stepsByArm);
    expect([
      stderr,
      stdout
        .trim()
        .split("\n")
        .flatMap((line) => JSON.parse(line)),
    ]).toEqual([
      "",
      [
        { reaction: "hesitation", arm: "holdout", fired: expect.anything(), received: expect.anything() },
        { reaction: "hesitation", arm: "treatment", fired: expect.anything(), received: expect.anything() },
      ],
    ]);
    expect(stdout).toMatch(/"holdout","fired":"?1"?,"received":"?0"?/);
    expect(stdout).toMatch(/"treatment","fired":"?2"?,"received":"?1"?/);
  });
});
