import { defineCommand } from "../command-line/command.ts";
import { UsageError } from "../command-line/command-error.ts";
import { parseMoment } from "../log/time-range.ts";
import { changedText, findSinks, onlySink, sinkArgument, sinkFlags } from "../sinks/sink-flags.ts";

/** `tidemark sinks replay`. */
export const sinksReplay = defineCommand({
  name: "tidemark sinks replay",
  summary: "Sends the records of a sink again, from the first one that the collector received at a time or later.",
  positionals: sinkArgument,
  flags: {
    ...sinkFlags,
    from: { value: "<time>", description: "Time of receipt, such as 2026-11-29 or 2026-11-29T09:30Z, in UTC." },
  },
  examples: [
    [
      "tidemark sinks replay orders --from 2026-11-29",
      "Sends again what was received since then, for example after the target has lost data.",
    ],
  ],
  async run({ url, site, from, json = false }, names) {
    const sink = onlySink("tidemark sinks replay", names);
    if (from === undefined) throw new UsageError("tidemark sinks replay expects --from <time>.");
    const changed = await (await findSinks(url, site)).replay(sink, parseMoment(from, "--from"));
    if (json) console.log(JSON.stringify(changed));
    else if (changed.partitions === 0)
      console.error(`Sink ${sink} has sent no record that was received since ${from}: nothing is sent again.`);
    else console.log(`Sink ${sink} begins again in ${changedText(changed.partitions)}.`);
    return 0;
  },
});
