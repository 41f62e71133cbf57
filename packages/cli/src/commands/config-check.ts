import { defineCommand } from "../command-line/command.ts";
import { checkDeployment } from "../deployment/check-deployment.ts";
import { openDeployment } from "../deployment/deployment.ts";

/** `tidemark config check`. */
export const configCheck = defineCommand({
  name: "tidemark config check",
  summary: "Checks tidemark.config.ts and wrangler's configuration, and prints what they define.",
  flags: {},
  examples: [["tidemark config check", "Prints a summary, or each wrong field with the expected value."]],
  async run() {
    console.log(await checkDeployment(await openDeployment()));
    return 0;
  },
});
