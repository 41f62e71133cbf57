import { globSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineCommand, runCommand } from "@tidemark/cli/command-line";
import { fieldKindsModule } from "./docs/field-kinds.ts";
import { render } from "./docs/render.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The command `pnpm run docs`. */
const docs = defineCommand({
  name: "pnpm run docs",
  summary: "Updates the generated tables of docs/*.md and the list of the contract's fields from the code.",
  flags: {},
  examples: [["pnpm run docs", "Run it after a change of an event, a feature or an option."]],
  async run() {
    writeFileSync(`${ROOT}packages/schema/src/features/event-field-kinds.ts`, fieldKindsModule());
    for (const path of globSync(`${ROOT}docs/*.md`)) writeFileSync(path, render(readFileSync(path, "utf8")));
    return 0;
  },
});

await runCommand(docs);
