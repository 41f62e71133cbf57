import type { Command } from "./command.ts";
import { CommandError, UsageError } from "./command-error.ts";
import { formatHelp } from "./help.ts";
import { parseCommandLine } from "./parse.ts";

/** The exit code of a command line that is not understood. */
const USAGE_EXIT_CODE = 2;

const hasSystemCode = (error: Error): boolean => "code" in error && "syscall" in error;

/** Reports a failure on standard error: in one message when the user can repair it, with a stack trace when it is a defect. */
const report = (error: unknown): void => {
  const isForUser = error instanceof CommandError || (error instanceof Error && hasSystemCode(error));
  console.error(isForUser ? error.message : error);
};

/**
 * Runs a command by its command line, prints its help when asked to, and sets the exit code of the process: 0, 1 after a
 * failure, 2 when the command line is not understood, or the command's own.
 *
 * @param argv The words after the command's name. Default: those of the process.
 */
export const runCommand = async (command: Command, argv: readonly string[] = process.argv.slice(2)): Promise<void> => {
  try {
    const { isHelp, values, positionals, rest } = parseCommandLine(command, argv);
    if (isHelp) console.log(formatHelp(command));
    else process.exitCode = (await command.run(values, positionals, rest)) ?? 0;
  } catch (error) {
    report(error);
    if (error instanceof UsageError) console.error(`See ${command.name} --help.`);
    process.exitCode = error instanceof UsageError ? USAGE_EXIT_CODE : 1;
  }
};
