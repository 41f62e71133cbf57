import { fileURLToPath } from "node:url";
import { columns, defineCommand, runCommand, UsageError } from "@tidemark/cli/command-line";
import {
  type LocalStack,
  linkRows,
  networkNotice,
  portNotice,
  STATE,
  serveUntilInterrupted,
  startLocalStack,
  stateNotice,
  untilInterrupted,
} from "@tidemark/cli/local-stack";
import config from "../tidemark.config.ts";
import { EXAMPLE_SITE } from "./example-site.ts";
import { measureFreshness } from "./visit/freshness.ts";
import { countLog } from "./visit/log-counts.ts";
import { measurePrediction } from "./visit/prediction.ts";
import { runScriptedVisit, type VisitResult } from "./visit/scripted-visit.ts";

const PORTS = { collector: 8787, site: 8788 };

/** The folder of the demo's deployment: the root of this repository. */
const DEPLOYMENT = fileURLToPath(new URL("..", import.meta.url));

const print = (lines: string[]) => {
  for (const line of lines) console.log(line);
};

const portNotices = ({ collector, site }: LocalStack): string[] => [
  ...portNotice("The collector", PORTS.collector, collector.origin),
  ...portNotice("The example site", PORTS.site, site.origin),
];

const printVisit = ({ session, script, events }: Pick<VisitResult, "events" | "script" | "session">) => {
  const expected = script as unknown as Record<string, number | undefined>;
  const round = (value: unknown) => (typeof value === "number" ? Math.round(value * 100) / 100 : value);
  console.log("The session's feature vector, next to the values that the script counted itself:\n");
  for (const [name, value] of Object.entries(session)) {
    const counted = expected[name] === undefined ? "" : `script: ${round(expected[name])}`;
    console.log(`  ${name.padEnd(22)} ${String(round(value)).padEnd(16)} ${counted}`.trimEnd());
  }
  const { accepted, rejected, duplicates, lost } = events;
  console.log(
    `\nEvents: ${accepted} accepted, ${rejected} rejected, ${lost} lost; ${duplicates} arrived twice and were counted once.`,
  );
};

/** Runs a scripted visit and prints its vector. With `isJson`, it prints the result as one line of JSON at the end. */
const runVisit = async (isJson: boolean) => {
  const site = config.sites[0];
  if (!site) throw new Error("tidemark.config.ts: sites: expected at least one site");
  untilInterrupted().then(() => process.exit(1));
  const stack = await startLocalStack({ deployment: DEPLOYMENT, site: EXAMPLE_SITE, ports: PORTS });
  try {
    print(portNotices(stack));
    console.log("A headless Chromium visits the example site. This takes about half a minute…\n");
    const { predictions, ...result } = await runScriptedVisit(stack);
    printVisit(result);
    const { id, features = config.features } = site;
    const log = await countLog(stack, { id, features }, result.events.accepted);
    console.log(`Log: ${log.events} events in Parquet files, read with DuckDB; ${log.duplicates} of them twice.`);
    const freshness_ms = await measureFreshness(stack, site.key);
    console.log(
      `Freshness: the vector includes an acknowledged event after ${freshness_ms.p50} ms (p50), ${freshness_ms.p99} ms (p99).`,
    );
    const prediction = await measurePrediction(stack, site.key, predictions);
    if (prediction)
      console.log(
        `Prediction: model ${prediction.model} has ${prediction.value.toFixed(3)} for the session, ${prediction.ms} ms after an acknowledged event (p50).`,
      );
    for (const { name, ms } of result.reactions)
      console.log(
        `Reaction: ${name} reached the page in the response to its own batch; its listener ran ${ms} ms after the acknowledgement.`,
      );
    if (isJson) console.log(JSON.stringify({ ...result, freshness_ms, log, prediction }));
  } finally {
    await stack.stop();
  }
};

const introduction = ({ collector, site, readKey, adminKey }: LocalStack, isPublic: boolean): string => {
  const links = [
    ...linkRows("Example site", site.origin, "", isPublic),
    ...linkRows("Collector", collector.origin, "/healthz", isPublic),
  ];
  return `
Tidemark is running.

${columns(links)}

Open the example site, read, hover and click. Then read your features in the browser's console:

  await tidemark.features()

To see a reaction, open the shop and rest the pointer on two products' buttons without a click: a suggestion appears.

A server reads the features with the read key and the session's id (in the console: tidemark.sessionId):

  curl -H "Authorization: Bearer ${readKey}" ${collector.origin}/v1/features/session/<id>

Counts of stored, rejected, repeated and missing events, in the format of Prometheus:

  curl -H "Authorization: Bearer ${adminKey}" ${collector.origin}/metrics

A query over the log of all events, in another terminal:

  npx --yes pnpm@12.21.0 tidemark log query "SELECT type, count(*) AS events FROM events GROUP BY type"

Both keys are the same at each start; set others in .dev.vars. The collector reloads when tidemark.config.ts or a package changes.
For a scripted visit, run pnpm demo --visit. Press Ctrl-C to stop.`;
};

const runDemo = (isPublic: boolean): Promise<void> =>
  serveUntilInterrupted(
    () =>
      startLocalStack({
        deployment: DEPLOYMENT,
        site: EXAMPLE_SITE,
        ports: PORTS,
        isPublic,
        state: STATE,
        onError: (text) => process.stderr.write(text),
      }),
    (stack) =>
      print([
        ...portNotices(stack),
        ...stateNotice(stack.collector),
        ...networkNotice(isPublic),
        introduction(stack, isPublic),
      ]),
  );

/** `pnpm demo`. */
const demo = defineCommand({
  name: "pnpm demo",
  summary: "Runs the collector and the example site on this machine, until Ctrl-C.",
  flags: {
    host: { description: "Listens on all network interfaces, so that a phone in the same network can connect." },
    visit: { description: "Runs a scripted visit to the example site, prints the session's vector, and exits." },
    json: { description: "With --visit: also prints the result as one line of JSON at the end." },
  },
  examples: [
    ["pnpm demo", "Prints links to the example site, and the keys of the collector."],
    ["pnpm demo --visit", "Prints the collector's features of a visit next to the script's own counts."],
  ],
  async run({ host = false, visit: isVisit, json = false }) {
    if (json && !isVisit)
      throw new UsageError("--json needs --visit, because it prints the result of a scripted visit.");
    if (host && isVisit)
      throw new UsageError("--host has no effect with --visit, whose browser runs on this machine. Omit one of them.");
    console.log("Starting the collector and the example site…");
    await (isVisit ? runVisit(json) : runDemo(host));
    return 0;
  },
});

await runCommand(demo);
