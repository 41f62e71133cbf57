import { globSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineCommand, runCommand } from "@tidemark/cli/command-line";
import { eventSignalsModule } from "./docs/event-signals.ts";
import { fieldKindsModule } from "./docs/field-kinds.ts";
import { render } from "./docs/render.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The command `pnpm run docs`. */
const docs = defineCommand({
  name: "pnpm run docs",
  summary:
    "Updates the generated tables of docs/*.md, and the lists of the contract's fields and signals, from the code.",
  flags: {},
  examples: [["pnpm run docs", "Run it after a change of an event, a feature or an option."]],
  async run() {
    writeFileSync(`${ROOT}packages/schema/src/features/event-field-kinds.ts`, fieldKindsModule());
    writeFileSync(`${ROOT}packages/schema/src/features/event-signals.ts`, eventSignalsModule());
    for (const path of globSync(`${ROOT}docs/*.md`)) writeFileSync(path, render(readFileSync(path, "utf8")));
    return 0;
  },
});

await runCommand(docs);
