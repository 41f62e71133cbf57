import { defineCommand } from "../command-line/command.ts";
import { changedText, findSinks, onlySink, sinkArgument, sinkFlags } from "../sinks/sink-flags.ts";

/** `tidemark sinks pause`. */
export const sinksPause = defineCommand({
  name: "tidemark sinks pause",
  summary: "Stops a sink from sending, until tidemark sinks resume. Its records wait in the log.",
  positionals: sinkArgument,
  flags: sinkFlags,
  examples: [["tidemark sinks pause orders", "Stops the sink orders, before its target is maintained."]],
  async run({ url, site, json = false }, names) {
    const sink = onlySink("tidemark sinks pause", names);
    const changed = await (await findSinks(url, site)).pause(sink);
    console.log(json ? JSON.stringify(changed) : `Paused sink ${sink} in ${changedText(changed.partitions)}.`);
    return 0;
  },
});
