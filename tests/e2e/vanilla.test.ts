import { globSync, readFileSync } from "node:fs";
import { type HeadlessChromium, startChromium } from "@tidemark/cli/chromium";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type StartedProgram, start } from "./start.ts";

let example: StartedProgram;
let chromium: HeadlessChromium;
let page: Page;
/** Errors and warnings of the page, including violations of the content security policy. */
const problems: string[] = [];

beforeAll(async () => {
  example = await start(["examples/vanilla/start.ts"]);
  chromium = await startChromium();
  page = await chromium.context.newPage();
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => /warning|error/.test(message.type()) && problems.push(message.text()));
  const [, link = ""] = /Example +(http:\S+)/.exec(example.output) ?? [];
  await page.goto(link);
});
afterAll(async () => {
  await chromium?.stop();
  await example?.stop();
});

/** Returns the vector that the page shows. */
const shown = () =>
  page.$$eval("#vector dt", (terms) =>
    Object.fromEntries(terms.map((term) => [term.textContent, term.nextElementSibling?.textContent])),
  );

describe("the vanilla example, an app with npm and Vite", () => {
  it("shows the visitor's live vector, under a strict content security policy", async () => {
    for (const box of await page.$$("#list input")) await box.click();
    // One custom event for each of six boxes, and one for the complete list.
    await expect.poll(shown).toMatchObject({ page_view_count: "1", click_count: "6", custom_event_count: "7" });
    expect(await page.textContent("#weight")).toBe("6 of 6 packed, 3.15 kg to carry");
    await page.click("#list input");
    await expect.poll(shown).toMatchObject({ click_count: "7", custom_event_count: "8" });
    expect(problems).toEqual([]);
  });

  it("has a policy that forbids inline and evaluated scripts, and everything that the page does not need", async () => {
    const policy = await page.getAttribute("meta[http-equiv=Content-Security-Policy]", "content");
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).not.toContain("unsafe");
    const style = () => Object.assign(document.createElement("style"), { textContent: "p { color: red }" });
    await page.evaluate(`document.head.append((${style})())`);
    await expect.poll(() => problems.splice(0)).toEqual([expect.stringContaining("Content Security Policy")]);
  });

  it("has a bundle with only the imported signals, and without zod", () => {
    const [bundle = ""] = globSync("examples/vanilla/dist/assets/*.js");
    const code = readFileSync(bundle, "utf8");
    expect(["page_view", "auxclick", "scroll_depth_px", "engaged_ms"].filter((word) => !code.includes(word))).toEqual(
      [],
    );
    const others = ["element_hover_duration", "element_dwell", "video_play", "form_start", "selectionchange"];
    const words = [...others, "unhandledrejection", "web_vital", "ZodError", "invalid_union"];
    expect(words.filter((word) => code.includes(word))).toEqual([]);
  });
});
