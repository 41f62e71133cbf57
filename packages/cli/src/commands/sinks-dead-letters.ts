import { defineCommand } from "../command-line/command.ts";
import { formatTable } from "../command-line/table.ts";
import { findSinks, onlySink, sinkArgument, sinkFlags } from "../sinks/sink-flags.ts";

/** Greatest width of a value in a table for people, in characters. */
const MAX_WIDTH = 80;

/** `tidemark sinks dead-letters`. */
export const sinksDeadLetters = defineCommand({
  name: "tidemark sinks dead-letters",
  summary:
    "Lists the latest records that the target of a sink has refused, with the reason and their place in the log.",
  positionals: sinkArgument,
  flags: sinkFlags,
  examples: [["tidemark sinks dead-letters orders", "Lists the refused records, at most 1,000 of each partition."]],
  async run({ url, site, json = false }, names) {
    const letters = await (await findSinks(url, site)).deadLetters(onlySink("tidemark sinks dead-letters", names));
    if (json) for (const letter of letters) console.log(JSON.stringify(letter));
    else if (letters.length === 0) console.error("No record was refused.");
    else
      console.log(
        formatTable(
          ["refused at", "id", "kind", "partition", "offset", "reason"],
          letters.map(({ at, id, kind, partition, offset, reason }) => [
            ...[new Date(at).toISOString(), id, kind, partition, offset, reason],
          ]),
          MAX_WIDTH,
        ),
      );
    return 0;
  },
});
