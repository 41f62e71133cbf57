import { defineCommand } from "../command-line/command.ts";
import { checkDeployment } from "../deployment/check-deployment.ts";
import { openDeployment } from "../deployment/deployment.ts";
import { runWrangler } from "../deployment/wrangler.ts";

/** `tidemark ship`. */
export const ship = defineCommand({
  name: "tidemark ship",
  summary: "Checks the configuration, builds the collector and deploys it to Cloudflare.",
  flags: { "dry-run": { description: "Checks and builds, and deploys nothing." } },
  examples: [
    ["tidemark ship --dry-run", "Shows whether the deployment is in order."],
    ["tidemark ship", "Deploys it with the account of `wrangler login`."],
  ],
  async run({ "dry-run": isDryRun }) {
    const deployment = await openDeployment();
    console.log(`${await checkDeployment(deployment)}\n`);
    return runWrangler(deployment.folder, ["deploy", ...(isDryRun ? ["--dry-run"] : [])]);
  },
});
