import { defineCommand } from "../command-line/command.ts";
import { checkDeployment } from "../deployment/check-deployment.ts";
import { openDeployment } from "../deployment/deployment.ts";

/** `tidemark config check`. */
export const configCheck = defineCommand({
  name: "tidemark config check",
  summary: "Checks tidemark.config.ts and wrangler's configuration, and prints what they define.",
  flags: {},
  examples: [
    ["tidemark config check", "Names the first field that is wrong and what it should be, or prints a summary."],
  ],
  async run() {
    console.log(await checkDeployment(await openDeployment()));
    return 0;
  },
});
