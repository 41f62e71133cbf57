import { parseArgs } from "node:util";
import type { Command } from "./command.ts";
import { UsageError } from "./command-error.ts";

/** A parsed command line. */
export interface CommandLine {
  /** Whether `--help` or `-h` was given. */
  isHelp: boolean;
  values: Record<string, string | true>;
  positionals: string[];
  /** The arguments after `--`. */
  rest: string[];
}

const list = (names: string[]): string => names.join(", ");

/**
 * Parses a command line.
 *
 * @throws UsageError that names the invalid flag or argument, and the accepted ones.
 */
export const parseCommandLine = ({ name, flags, positionals, rest }: Command, argv: readonly string[]): CommandLine => {
  const flagList = list([...Object.keys(flags), "help"].map((flag) => `--${flag}`));
  const types = Object.entries(flags).map(
    ([flag, { value }]) => [flag, { type: value ? "string" : "boolean" }] as const,
  );
  const end = rest && argv.includes("--") ? argv.indexOf("--") : argv.length;
  const { tokens } = parseArgs({
    args: argv.slice(0, end),
    options: { ...Object.fromEntries(types), help: { type: "boolean", short: "h" } },
    strict: false,
    tokens: true,
  });

  const line: CommandLine = { isHelp: false, values: {}, positionals: [], rest: argv.slice(end + 1) };
  for (const token of tokens) {
    if (token.kind === "positional") {
      const { value } = token;
      if (!positionals)
        throw new UsageError(`${name} takes no arguments; given ${JSON.stringify(value)}. Its flags: ${flagList}.`);
      if (positionals.choices && !Object.hasOwn(positionals.choices, value)) {
        throw new UsageError(
          `${name} does not accept ${JSON.stringify(value)}; expected ${list(Object.keys(positionals.choices))}.`,
        );
      }
      line.positionals.push(value);
    } else if (token.kind === "option") {
      const { rawName, value } = token;
      if (token.name === "help") {
        line.isHelp = true;
        continue;
      }
      const flag = Object.hasOwn(flags, token.name) ? flags[token.name] : undefined;
      if (!flag) throw new UsageError(`${name} has no flag ${rawName}; expected ${flagList}.`);
      const isMissing = !value || (!token.inlineValue && value.startsWith("-"));
      if (flag.value && isMissing) throw new UsageError(`${rawName} needs a value: ${rawName} ${flag.value}.`);
      if (!flag.value && value !== undefined)
        throw new UsageError(`${rawName} takes no value; given ${JSON.stringify(value)}.`);
      line.values[token.name] = value ?? true;
    }
  }
  return line;
};
