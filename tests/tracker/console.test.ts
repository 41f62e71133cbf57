import { fileURLToPath } from "node:url";
import type { ErrorCode, RejectionCode } from "@tidemark/schema";
import { build } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { inEveryBrowser } from "../signals/in-every-browser.ts";

const entry = (name: string) => fileURLToPath(new URL(`../../packages/sdk/src/${name}.ts`, import.meta.url));

/** Bundles an entry of the SDK as one script, with its exports in `bundled`. */
const bundle = async (name: string) => {
  const { outputFiles } = await build({
    entryPoints: [entry(name)],
    bundle: true,
    write: false,
    format: "iife",
    globalName: "bundled",
  });
  return outputFiles[0]?.text ?? "";
};

const rejection = (code: ErrorCode) => JSON.stringify({ error: { code, message: "the reason" } });
const rejectedEvent = (code: RejectionCode) =>
  JSON.stringify({ accepted: 0, duplicates: 0, rejected: [{ index: 0, code, path: "name", message: "the reason" }] });

describe("the console", () => {
  let production: string;
  let development: string;
  beforeAll(async () => {
    production = await bundle("index");
    development = await bundle("development");
  });

  inEveryBrowser(({ open }) => {
    /** Runs a script with a new copy of the SDK, and a collector that gives this response. Returns the warnings. */
    const warnings = (tab: Tab, code: string, response: [status: number, body: string], script: string) =>
      tab.run<string[]>(`
        const warned = [];
        const { warn } = console;
        console.warn = (...words) => warned.push(words.map(String).join(" "));
        const [status, body] = ${JSON.stringify(response)};
        const realFetch = window.fetch;
        window.fetch = async () => new Response(body, { status });
        ${code}
        try {
          const start = () =>
            bundled.createTracker({ key: "tm_test_" + Math.random().toString(36).slice(2).padEnd(8, "0"), endpoint: "/" });
          ${script}
        } finally {
          Object.assign(console, { warn });
          window.fetch = realFetch;
        }
        return warned;
      `);

    const TWICE = `
      for (const tracker of [start(), start()]) {
        for (const name of ["one", "two"]) {
          tracker.track(name);
          await tracker.flush().then(() => console.warn("resolved"), () => {});
        }
        tracker.stop();
      }
    `;

    it.each([
      ["a wrong key", 401, rejection("unknown_key"), "unknown_key"],
      ["a foreign origin", 403, rejection("origin_not_allowed"), "origin_not_allowed"],
      ["a rejected event", 200, rejectedEvent("invalid_field"), "invalid_field"],
    ])("has one warning for %s, which flush() rejects with, and in development one with the fix", async (...each) => {
      const [, status, body, expected] = each;
      const tab = await open("plain.html", { signals: [] });
      const warned = await warnings(tab, production, [status, body], TWICE);
      expect(warned).toHaveLength(1);
      expect(warned[0]).toContain("[tidemark] the collector rejected");
      expect(warned[0]).toContain(`the reason (${expected})`);
      const explained = await warnings(tab, development, [status, body], TWICE);
      expect(explained).toHaveLength(2);
      expect(explained.join()).toContain(`[tidemark] fix for ${expected}: `);
    });

    it("has one warning when another program than the collector responds", async () => {
      const tab = await open("plain.html", { signals: [] });
      const warned = await warnings(tab, production, [404, "<h1>For sale</h1>"], TWICE);
      expect(warned).toEqual([
        "[tidemark] the endpoint may be wrong: not a response of a collector: 404 <h1>For sale</h1>",
      ]);
    });

    it("has one warning for Global Privacy Control, and in development one with the fix", async () => {
      const tab = await open("consent.html");
      const script = `
        Object.defineProperty(navigator, "globalPrivacyControl", { configurable: true, value: true });
        for (const tracker of [start(), start()]) {
          tracker.track("one");
          tracker.stop();
        }
      `;
      const warned = await warnings(tab, production, [200, "{}"], script);
      expect(warned).toEqual([
        '[tidemark] nothing is measured until tracker.consent("granted"): the browser has Global Privacy Control on',
      ]);
      const explained = await warnings(tab, development, [200, "{}"], script);
      expect(explained).toHaveLength(2);
      expect(explained.join()).toContain("[tidemark] fix for Global Privacy Control: ");
    });
  });
});
