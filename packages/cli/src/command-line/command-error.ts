/** A failure that the user can fix. The command prints its message, which explains how, without a stack trace. */
export class CommandError extends Error {
  override name = "CommandError";
}

/** An invalid command line. */
export class UsageError extends CommandError {
  override name = "UsageError";
}
