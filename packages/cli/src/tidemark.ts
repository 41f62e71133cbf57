import type { Command } from "./command-line/command.ts";
import { columns } from "./command-line/help.ts";
import { runCommand } from "./command-line/run-command.ts";
import { commands } from "./commands/index.ts";

/** The words of a command after `tidemark`, such as `config check`. */
const wordsOf = ({ name }: Command): string => name.replace("tidemark ", "");

const help = (): string =>
  [
    "Checks, runs, tests and deploys a Tidemark collector, in the folder of its tidemark.config.ts.",
    "Usage:\n  tidemark <command> [flags]",
    `Commands:\n${columns(commands.map((command) => [wordsOf(command), command.summary]))}`,
    "tidemark <command> --help explains a command.",
  ].join("\n\n");

/** Runs the command that the words name, such as `config check`, with the words after it. */
export const tidemark = async (argv: readonly string[]): Promise<void> => {
  const command = commands.find((each) => `${argv.join(" ")} `.startsWith(`${wordsOf(each)} `));
  if (command) return runCommand(command, argv.slice(wordsOf(command).split(" ").length));
  if (argv.length === 0 || argv.includes("--help") || argv.includes("-h")) return console.log(help());
  const known = commands.map(wordsOf).join(", ");
  console.error(`tidemark has no command ${JSON.stringify(argv.join(" "))}; expected ${known}.\nSee tidemark --help.`);
  process.exitCode = 2;
};
