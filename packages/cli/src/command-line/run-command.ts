import type { Command } from "./command.ts";
import { CommandError, UsageError } from "./command-error.ts";
import { formatHelp } from "./help.ts";
import { parseCommandLine } from "./parse.ts";

/** The exit code for an invalid command line. */
const USAGE_EXIT_CODE = 2;

const hasSystemCode = (error: Error): boolean => "code" in error && "syscall" in error;

/**
 * Prints a failure to standard error: only its message when the user can fix it, with a stack trace when it is a
 * defect.
 */
const report = (error: unknown): void => {
  const isForUser = error instanceof CommandError || (error instanceof Error && hasSystemCode(error));
  console.error(isForUser ? error.message : error);
};

/** Ends the process when the reader of its output has ended, as `head` does after its lines. Other failures are thrown. */
const endWithReader = (error: NodeJS.ErrnoException): void => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
};

/**
 * Parses a command line and runs the command, or prints its help for `--help`. It sets the exit code of the process to
 * the command's result, to 1 after a failure, or to 2 for an invalid command line.
 *
 * @param argv The arguments after the command's name. Default: those of the process.
 */
export const runCommand = async (command: Command, argv: readonly string[] = process.argv.slice(2)): Promise<void> => {
  process.stdout.on("error", endWithReader);
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
