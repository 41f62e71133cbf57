import { readFileSync } from "node:fs";
import { defineConfig, type TidemarkConfig } from "@tidemark/collector/config";
import { defaultFeatures } from "@tidemark/schema";
import { describe, expect, it } from "vitest";
import { readDocs } from "./e2e/code-in-docs.ts";

const [, section = ""] = /^## Push$(.*?)^## /ms.exec(readDocs("metrics.md")) ?? [];

describe("docs/metrics.md", () => {
  it("shows a configuration with a receiver of metrics", () => {
    const [, code = ""] = /```ts\n(.*?)```/s.exec(section) ?? [];
    const body = code.replaceAll(/^import .*$/gm, "").replace("export default", "return");
    const sites = [
      { id: "shop", key: "tm_shop_5c1f0a9b", origins: ["https://shop.example"], readKeySecret: "READ_KEY" },
    ];
    const others = { sites, adminKeySecret: "ADMIN_KEY", features: defaultFeatures };
    const define = (config: Pick<TidemarkConfig, "otlp">) => defineConfig({ ...others, ...config });
    expect(new Function("defineConfig", body)(define).otlp).toEqual({
      ...{ url: "https://otel.example.com/v1/metrics", headersSecret: "OTLP_HEADERS" },
    });
  });

  it("lists the settings of pushes with their defaults", () => {
    const source = readFileSync(new URL("../packages/collector/src/config/settings.ts", import.meta.url), "utf8");
    const [, body = ""] = /interface OtlpSettings \{(.*?)^\}/ms.exec(source) ?? [];
    const fields = [...body.matchAll(/^ {2}(\w+)\??:/gm)].map(([, name]) => name);
    expect([...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name)).toEqual(fields);
    const [, everySeconds] = /Default: (\d+)\. \*\/\n {2}everySeconds/.exec(body) ?? [];
    expect(section).toContain(`| \`${everySeconds}\` |`);
  });
});
