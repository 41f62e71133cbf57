import { fileURLToPath } from "node:url";
import { columns, defineCommand, runCommand, UsageError } from "@tidemark/cli/command-line";
import {
  type LocalStack,
  linkRows,
  networkNotice,
  portNotice,
  serveUntilInterrupted,
  startLocalStack,
  stateNotice,
  untilInterrupted,
} from "@tidemark/cli/local-stack";
import config from "../tidemark.config.ts";
import { EXAMPLE_SITE } from "./example-site.ts";
import { measureFreshness } from "./visit/freshness.ts";
import { runScriptedVisit, type VisitResult } from "./visit/scripted-visit.ts";

const PORTS = { collector: 8787, site: 8788 };

/** The deployment that the demo runs: this repository. */
const DEPLOYMENT = fileURLToPath(new URL("..", import.meta.url));

const print = (lines: string[]) => {
  for (const line of lines) console.log(line);
};

const portNotices = ({ collector, site }: LocalStack): string[] => [
  ...portNotice("The collector", PORTS.collector, collector.origin),
  ...portNotice("The example site", PORTS.site, site.origin),
];

const printVisit = ({ session, script, events }: VisitResult) => {
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

/** Drives a scripted visit and prints its vector; with `isJson`, one line of JSON after it. */
const runVisit = async (isJson: boolean) => {
  const site = config.sites[0];
  if (!site) throw new Error("tidemark.config.ts: sites: expected at least one site");
  untilInterrupted().then(() => process.exit(1));
  const stack = await startLocalStack({ deployment: DEPLOYMENT, site: EXAMPLE_SITE, ports: PORTS });
  try {
    print(portNotices(stack));
    console.log("A headless Chromium visits the example; this takes about half a minute…\n");
    const result = await runScriptedVisit(stack);
    printVisit(result);
    const freshness_ms = await measureFreshness(stack, site.key);
    console.log(
      `Freshness: an acknowledged event shows in the vector after ${freshness_ms.p50} ms (p50), ${freshness_ms.p99} ms (p99).`,
    );
    if (isJson) console.log(JSON.stringify({ ...result, freshness_ms }));
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

Open the example site, read, hover and click, then ask the browser's console for your own features:

  await tidemark.features()

A server reads them with the read key, by the session's id (in the console: tidemark.sessionId):

  curl -H "Authorization: Bearer ${readKey}" ${collector.origin}/v1/features/session/<id>

The events that were stored, refused, repeated or are missing, for Prometheus:

  curl -H "Authorization: Bearer ${adminKey}" ${collector.origin}/metrics

Both keys are the same at each start; .dev.vars sets others. A change of tidemark.config.ts or of a package reloads the collector.
Or watch a scripted visit: pnpm demo --visit. Ctrl-C stops everything.`;
};

const runDemo = (isPublic: boolean): Promise<void> =>
  serveUntilInterrupted(
    () =>
      startLocalStack({
        deployment: DEPLOYMENT,
        site: EXAMPLE_SITE,
        ports: PORTS,
        isPublic,
        state: ".wrangler/state",
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
    host: { description: "Listens on all interfaces, so that a phone in the same network reaches the example." },
    visit: { description: "Lets a scripted visitor use the example, prints the session's vector, and ends." },
    json: { description: "With --visit: ends with the result as one line of JSON." },
  },
  examples: [
    ["pnpm demo", "Prints the links to the example and the keys of the collector."],
    ["pnpm demo --visit", "Compares the collector's account of a visit with the visitor's."],
  ],
  async run({ host = false, visit: isVisit, json = false }) {
    if (json && !isVisit) throw new UsageError("--json needs --visit: it prints the result of a visit.");
    if (host && isVisit) throw new UsageError("--host cannot go with --visit, whose visitor is on this machine.");
    console.log("Starting the collector and the example site…");
    await (isVisit ? runVisit(json) : runDemo(host));
    return 0;
  },
});

await runCommand(demo);
