import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { startChromium } from "@tidemark/cli/chromium";
import { bundle } from "../scripts/bundle/bundle.ts";
import { bundleScriptTag } from "../scripts/bundle/script-tag.ts";
import { INPUT } from "./main-thread/input.ts";
import { measure } from "./main-thread/run-page.ts";
import { startSite } from "./main-thread/site.ts";
import type { Measurement } from "./report.ts";

/** Most bytes that the bodies of all requests of a run may have. */
const BUDGET = 25_000;

const isGzip = (bytes: Buffer) => bytes[0] === 0x1f && bytes[1] === 0x8b;

/**
 * Measures the bytes that a page sends for the input of `bench main-thread`, in Chromium: the bodies of all requests, until
 * the page is hidden and has sent its last events. The page has the five signals by the npm package, or the script tag. The
 * reference is the same bodies before compression.
 */
export const measureInputBytes = async (): Promise<Measurement[]> => {
  const tag = await bundleScriptTag();
  const scripts = {
    "five-signals": await bundle(fileURLToPath(new URL("./size/five-signals.ts", import.meta.url)), "iife"),
    "script-tag": tag.files[tag.tag] ?? "",
  };
  const site = await startSite(scripts);
  const { context, stop } = await startChromium();
  try {
    let bodies: Buffer[] = [];
    context.on("request", (request) => {
      const body = request.method() === "POST" && request.postDataBuffer();
      if (body) bodies.push(body);
    });
    const measurements: Measurement[] = [];
    for (const name of Object.keys(scripts)) {
      bodies = [];
      await measure(context, site, name);
      const sum = (some: Buffer[]) => some.reduce((total, { length }) => total + length, 0);
      measurements.push({
        case: `${name}: ${INPUT.click} clicks, ${INPUT.pointermove} moves, ${INPUT.wheel} wheel steps, in ${bodies.length} requests`,
        value: sum(bodies),
        unit: "bytes sent",
        reference: sum(bodies.map((body) => (isGzip(body) ? gunzipSync(body) : body))),
        budget: BUDGET,
      });
    }
    return measurements;
  } finally {
    await stop();
    await site.stop();
  }
};
