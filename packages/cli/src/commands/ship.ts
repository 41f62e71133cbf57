import { defineCommand } from "../command-line/command.ts";
import { checkDeployment } from "../deployment/check-deployment.ts";
import { openDeployment } from "../deployment/deployment.ts";
import { runWrangler } from "../deployment/wrangler.ts";

/**
 * Whether npm consumed `--dry-run`, as in `npm run ship --dry-run`. It passes the flag only in an environment variable.
 */
const npmHasDryRun = (): boolean => process.env.npm_config_dry_run === "true";

/** `tidemark ship`. */
export const ship = defineCommand({
  name: "tidemark ship",
  summary: "Checks the configuration, builds the collector and deploys it to Cloudflare.",
  flags: { "dry-run": { description: "Checks and builds without deploying." } },
  examples: [
    ["tidemark ship --dry-run", "Shows whether the deployment is complete and builds."],
    ["tidemark ship", "Deploys it to the account of `wrangler login`."],
  ],
  async run({ "dry-run": isDryRun = npmHasDryRun() }) {
    const deployment = await openDeployment();
    console.log(`${await checkDeployment(deployment)}\n`);
    return runWrangler(deployment.folder, ["deploy", ...(isDryRun ? ["--dry-run"] : [])]);
  },
});
