import { columns } from "./command-line/help.ts";
import { runCommand } from "./command-line/run-command.ts";
import { commands } from "./commands/index.ts";

const help = (): string =>
  [
    "Checks, runs, tests and deploys a Tidemark collector, in the folder of its tidemark.config.ts.",
    "Usage:\n  tidemark <command> [flags]",
    `Commands:\n${columns(commands.map(({ name, summary }) => [name.replace("tidemark ", ""), summary]))}`,
    "tidemark <command> --help explains a command.",
  ].join("\n\n");

/** Runs the command that the words name, such as `config check`, with the words after it. */
export const tidemark = async (argv: readonly string[]): Promise<void> => {
  const called = `tidemark ${argv.join(" ")} `;
  const command = commands.find(({ name }) => called.startsWith(`${name} `));
  if (command) return runCommand(command, argv.slice(command.name.split(" ").length - 1));
  if (argv.length === 0 || argv.includes("--help") || argv.includes("-h")) return console.log(help());
  const known = commands.map(({ name }) => name.replace("tidemark ", "")).join(", ");
  console.error(`tidemark has no command ${JSON.stringify(argv.join(" "))}; expected ${known}.\nSee tidemark --help.`);
  process.exitCode = 2;
};
