/** A failure that the user can repair. Its message says how; no stack trace is shown. */
export class CommandError extends Error {
  override name = "CommandError";
}

/** A command line that the command does not understand. */
export class UsageError extends CommandError {
  override name = "UsageError";
}
