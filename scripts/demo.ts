import { parseArgs } from "node:util";
import config from "../tidemark.config.ts";
import { measureFreshness } from "./freshness.ts";
import { interrupted } from "./interrupted.ts";
import { startStack } from "./stack.ts";
import { type VisitResult, visit } from "./visit.ts";

/** `pnpm demo`: the collector and the example site on this machine. `--visit` drives a visit; `--json` ends with one JSON line. */
const { values } = parseArgs({ options: { visit: { type: "boolean" }, json: { type: "boolean" } } });

const WANTED = { collector: 8787, site: 8788 };
const site = config.sites[0];
if (!site) throw new Error("tidemark.config.ts: sites: expected at least one site");

const showVisit = ({ session, script, events }: VisitResult) => {
  const account = script as unknown as Record<string, number | undefined>;
  const shown = (value: unknown) => (typeof value === "number" ? Math.round(value * 100) / 100 : value);
  console.log("The session's feature vector, beside what the script did by its own account:\n");
  for (const [name, value] of Object.entries(session)) {
    const did = account[name] === undefined ? "" : `script: ${shown(account[name])}`;
    console.log(`  ${name.padEnd(22)} ${String(shown(value)).padEnd(16)} ${did}`.trimEnd());
  }
  const { accepted, rejected, duplicates, lost } = events;
  console.log(
    `\nEvents: ${accepted} accepted, ${rejected} rejected, ${lost} lost; ${duplicates} came twice and were counted once.`,
  );
};

console.log("Starting the collector and the example site…");
const stack = await startStack({ ports: WANTED, ...(values.visit ? {} : { state: ".wrangler/state" }) });
for (const [what, wanted, origin] of [
  ["The collector", WANTED.collector, stack.collector.origin],
  ["The example site", WANTED.site, stack.site.origin],
] as const) {
  if (!origin.endsWith(`:${wanted}`)) console.log(`Port ${wanted} is busy. ${what} runs at ${origin} instead.`);
}

if (values.visit) {
  try {
    console.log("A headless Chromium visits the example; this takes about half a minute…\n");
    const result = await visit(stack);
    showVisit(result);
    const freshness_ms = await measureFreshness(stack, site.key);
    console.log(
      `Freshness: an acknowledged event shows in the vector after ${freshness_ms.p50} ms (p50), ${freshness_ms.p99} ms (p99).`,
    );
    if (values.json) console.log(JSON.stringify({ ...result, freshness_ms }));
  } finally {
    await stack.stop();
  }
} else {
  console.log(`
Tidemark is running.

  Example site   ${stack.site.origin}
  Collector      ${stack.collector.origin}/healthz

Open the example site, read, hover and click, then ask the browser's console for your own features:

  await tidemark.features()

A server reads them with the read key of this run, by the session's id (in the console: tidemark.sessionId):

  curl -H "Authorization: Bearer ${stack.readKey}" ${stack.collector.origin}/v1/features/session/<id>

What was stored, refused, repeated or is missing, for Prometheus:

  curl -H "Authorization: Bearer ${stack.adminKey}" ${stack.collector.origin}/metrics

Or watch a scripted visit: pnpm demo --visit. Ctrl-C stops everything.`);

  await interrupted();
  console.log("\nStopping…");
  await stack.stop();
}
