import type { Command } from "./command-line/command.ts";
import { columns } from "./command-line/help.ts";
import { runCommand } from "./command-line/run-command.ts";
import { commands } from "./commands/index.ts";

/** The name of a command after `tidemark`, such as `config check`. */
const shortName = ({ name }: Command): string => name.replace("tidemark ", "");

const help = (): string =>
  [
    "Checks, runs, tests and deploys a Tidemark collector, and reads its log. Run it in the folder of tidemark.config.ts.",
    "Usage:\n  tidemark <command> [flags]",
    `Commands:\n${columns(commands.map((command) => [shortName(command), command.summary]))}`,
    "Run tidemark <command> --help for the flags and examples of a command.",
  ].join("\n\n");

/** Runs the command that the first arguments name, such as `config check`, with the arguments after it. */
export const tidemark = async (argv: readonly string[]): Promise<void> => {
  const command = commands.find((each) => `${argv.join(" ")} `.startsWith(`${shortName(each)} `));
  if (command) return runCommand(command, argv.slice(shortName(command).split(" ").length));
  if (argv.length === 0 || argv.includes("--help") || argv.includes("-h")) return console.log(help());
  const names = commands.map(shortName).join(", ");
  console.error(`tidemark has no command ${JSON.stringify(argv.join(" "))}; expected ${names}.\nSee tidemark --help.`);
  process.exitCode = 2;
};
