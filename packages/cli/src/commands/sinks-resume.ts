import { defineCommand } from "../command-line/command.ts";
import { changedText, findSinks, onlySink, sinkArgument, sinkFlags } from "../sinks/sink-flags.ts";

/** `tidemark sinks resume`. */
export const sinksResume = defineCommand({
  name: "tidemark sinks resume",
  summary: "Lets a sink send again: after a pause, or at once after failures.",
  positionals: sinkArgument,
  flags: sinkFlags,
  examples: [["tidemark sinks resume orders", "Lets the sink orders send again."]],
  async run({ url, site, json = false }, names) {
    const sink = onlySink("tidemark sinks resume", names);
    const changed = await (await findSinks(url, site)).resume(sink);
    console.log(json ? JSON.stringify(changed) : `Resumed sink ${sink} in ${changedText(changed.partitions)}.`);
    return 0;
  },
});
