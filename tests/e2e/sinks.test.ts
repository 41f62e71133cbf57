import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type HeadlessChromium, startChromium } from "@tidemark/cli/chromium";
import { openLog } from "@tidemark/cli/log";
import { defaultFeatures, defineFeatures } from "@tidemark/schema";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startEveryTarget } from "../sinks/every-target.ts";
import { proveSinks } from "../sinks/prove-sinks.ts";
import { startWorkerd, type Workerd } from "../workerd/workerd.ts";

it("the sinks have each acknowledged event, in order and under one id, although the runtime is killed", async () => {
  const { events } = await proveSinks({ kills: 6, splitAfter: Number.MAX_SAFE_INTEGER, within: 20_000 });
  expect(events).toBeGreaterThan(500);
}, 60_000);

const SDK = fileURLToPath(new URL("../../packages/sdk/src/index.ts", import.meta.url));

/** The parts of the id of a session's latest order, as features. */
const orderFeatures = defineFeatures(
  (["session_id", "tab_id", "seq"] as const).map((field) => ({
    ...{ name: `order_${field}`, description: `Field ${field} of the latest order.`, unit: "text" },
    ...{ entity: "session", source: "custom", where: [{ field: "name", is: "eq", value: "order" }] },
    ...{ aggregate: { type: "last", field }, window: { type: "session" } },
  })) as never,
);

/** A page that keeps the id of each event that its tracker captures. */
const html = (collector: string) => `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8" /><title>Shop</title><link rel="icon" href="data:," /></head>
  <body>
    <button>Order</button>
    <script src="/sdk.js"></script>
    <script>
      window.ids = [];
      const tracker = sdk.createTracker({ key: "tm_shop_sinksink", endpoint: "${collector}", signals: [sdk.clicks()] });
      tracker.on("event", ({ tab_id, seq }) => ids.push(tracker.sessionId + "/" + tab_id + "/" + seq));
      document.querySelector("button").onclick = () => tracker.track("order", { total: 12.5 });
      window.tracker = tracker;
    </script>
  </body>
</html>`;

let targets: Awaited<ReturnType<typeof startEveryTarget>> = [];
let worker: Workerd;
let chromium: HeadlessChromium;
let bundle = "";
const adminKey = crypto.randomUUID();
const site = createServer((request, response) => {
  const isScript = request.url === "/sdk.js";
  response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
  response.end(isScript ? bundle : html(worker.origin));
});
beforeAll(async () => {
  const output = await build({ entryPoints: [SDK], bundle: true, format: "iife", globalName: "sdk", write: false });
  bundle = output.outputFiles[0]?.text ?? "";
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  targets = await startEveryTarget();
  const origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  const sinks = targets.map(({ name, to, settings }) => ({ name, to, settings }));
  const secrets = {
    ...{ SINKS: JSON.stringify(sinks), FEATURES: JSON.stringify(orderFeatures), ORIGIN: origin },
    TIDEMARK_ADMIN_KEY: adminKey,
    ...Object.assign({}, ...targets.map((target) => target.secrets)),
  };
  const entry = new URL("../sinks/workers/every-sink.ts", import.meta.url);
  worker = await startWorkerd(entry, secrets, {}, { authorities: [] });
  chromium = await startChromium();
});
afterAll(async () => {
  await chromium?.stop();
  await worker?.remove();
  site.closeAllConnections();
  site.close();
  for (const target of targets) await target.stop();
});

/** Reads JSON from the collector. */
const read = async (path: string, key: string, method = "GET"): Promise<Record<string, unknown>> => {
  const response = await fetch(`${worker.origin}${path}`, { method, headers: { authorization: `Bearer ${key}` } });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as Record<string, unknown>;
};

/** The id of the latest order in a vector. */
const orderIn = ({ features }: Record<string, unknown>): string => {
  const { order_session_id, order_tab_id, order_seq } = features as Record<string, unknown>;
  return `${order_session_id}/${order_tab_id}/${order_seq}`;
};

/** The ids in the files of the log. */
const idsInFiles = async (): Promise<string[]> => {
  await read("/v1/log/cut?site=shop", adminKey, "POST");
  const folder = await mkdtemp(join(tmpdir(), "tidemark-sinks-"));
  const address = { url: worker.origin, adminKey };
  const features = [...defaultFeatures, ...orderFeatures];
  const log = await openLog({ folder }, address, { id: "shop", features });
  try {
    expect(log.files).toHaveLength(1);
    const query = "SELECT session_id || '/' || tab_id || '/' || seq AS id FROM log_events ORDER BY seq";
    return (await log.database.all(query)).map(({ id }) => String(id));
  } finally {
    log.close();
    await rm(folder, { recursive: true });
  }
};

it("an event has the same id in the page, the vector, the log and each sink", async () => {
  const page = await chromium.context.newPage();
  await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
  await page.click("button");
  await page.evaluate("tracker.flush()");
  const ids = await page.evaluate<string[]>("ids");
  // The click, and the order that it causes.
  expect(ids).toHaveLength(2);
  const order = ids.at(-1) ?? "";
  expect(order).toMatch(/^shop\.[\w-]+\/[\w-]+\/\d+$/);

  const session = `/v1/features/session/${order.split("/")[0]}`;
  const vectors = {
    now: orderIn(await read(session, worker.readKey)),
    "as of now": orderIn(await read(`${session}?as_of=${Date.now()}`, worker.readKey)),
  };
  expect(vectors).toEqual({ now: order, "as of now": order });

  const inSinks = () => Object.fromEntries(targets.map((target) => [target.name, target.ids().toSorted()]));
  const expected = Object.fromEntries(targets.map(({ name }) => [name, ids.toSorted()]));
  await expect.poll(inSinks, { timeout: 20_000 }).toEqual(expected);
  expect(await idsInFiles()).toEqual(ids.toSorted());
}, 60_000);
