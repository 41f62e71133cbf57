export { type Command, defineCommand, type Flag, type Positionals, type Values } from "./command.ts";
export { CommandError, UsageError } from "./command-error.ts";
export { columns } from "./help.ts";
export { runCommand } from "./run-command.ts";
