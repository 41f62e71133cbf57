import { defineCommand } from "../command-line/command.ts";
import { openDeployment } from "../deployment/deployment.ts";
import { startLocalCollector } from "../local-stack/local-collector.ts";
import { untilInterrupted } from "../local-stack/until-interrupted.ts";
import { checksOf } from "../smoke-test/checks.ts";

/** `tidemark test`. */
export const test = defineCommand({
  name: "tidemark test",
  summary: "Starts the collector on this machine with temporary storage, and checks that it works for each site.",
  flags: {},
  examples: [["tidemark test", "For each site, sends a batch and reads its vectors; also loads the script tag."]],
  async run() {
    const deployment = await openDeployment();
    untilInterrupted().then(() => process.exit(1));
    const collector = await startLocalCollector(deployment);
    const counts = { passed: 0, failed: 0 };
    try {
      for (const { name, run } of checksOf(deployment.config, collector)) {
        const failure = await run().then(
          () => undefined,
          (error: Error) => error.message,
        );
        counts[failure === undefined ? "passed" : "failed"] += 1;
        console.log(failure === undefined ? `ok      ${name}` : `FAILED  ${name}\n        ${failure}`);
      }
    } finally {
      await collector.stop();
    }
    console.log(`\n${counts.passed} passed, ${counts.failed} failed`);
    return counts.failed ? 1 : 0;
  },
});
