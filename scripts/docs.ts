import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { defineCommand, runCommand } from "@tidemark/cli/command-line";
import { eventSignalsModule } from "./docs/event-signals.ts";
import { fieldKindsModule } from "./docs/field-kinds.ts";
import { render } from "./docs/render.ts";
import { opsFiles } from "./ops/files.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The command `pnpm run docs`. */
const docs = defineCommand({
  name: "pnpm run docs",
  summary:
    "Updates the generated tables of docs/*.md, the lists of the contract's fields and signals, and the dashboards and rules in ops, from the code.",
  flags: {},
  examples: [["pnpm run docs", "Run it after a change of an event, a feature, an option, a metric or an alert."]],
  async run() {
    writeFileSync(`${ROOT}packages/schema/src/features/event-field-kinds.ts`, fieldKindsModule());
    writeFileSync(`${ROOT}packages/schema/src/features/event-signals.ts`, eventSignalsModule());
    for (const path of globSync(`${ROOT}docs/*.md`)) writeFileSync(path, render(readFileSync(path, "utf8")));
    for (const [path, text] of Object.entries(opsFiles())) {
      mkdirSync(dirname(`${ROOT}${path}`), { recursive: true });
      writeFileSync(`${ROOT}${path}`, text);
    }
    return 0;
  },
});

await runCommand(docs);
