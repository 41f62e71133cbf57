/** A flag of a command: `--name` or `--name <value>`. */
export interface Flag {
  /** The effect of the flag, shown in the help. */
  description: string;
  /** Placeholder of the flag's value in the help, such as `<folder>`. Default: the flag takes no value. */
  value?: string;
}

/** The positional arguments of a command. */
export interface Positionals {
  /** Placeholder in the help, such as `[name …]`. */
  placeholder: string;
  /** The meaning of the arguments, shown in the help. */
  description: string;
  /** The accepted arguments, each with its meaning. Default: any argument. */
  choices?: Readonly<Record<string, string>>;
}

/** The arguments after `--`, which the command passes to another program. */
interface Rest {
  /** Placeholder in the help, such as `[-- file …]`. */
  placeholder: string;
  /** The meaning of the arguments, shown in the help. */
  description: string;
}

/**
 * The values of a command's flags: a string for a flag that takes a value, `true` for any other. Absent flags have no
 * entry.
 */
export type Values<Flags extends Record<string, Flag>> = {
  [Name in keyof Flags]?: Flags[Name] extends { value: string }
    ? string
    : "value" extends keyof Flags[Name]
      ? string | true
      : true;
};

/** A command that a user runs in a terminal. */
export interface Command<Flags extends Record<string, Flag> = Record<string, Flag>> {
  /** The command as typed in a terminal: `tidemark dev`. */
  name: string;
  /** The effect of the command, in one sentence. */
  summary: string;
  /** One or more complete command lines, each with its purpose. */
  examples: readonly (readonly [line: string, meaning: string])[];
  flags: Flags;
  /** Default: the command takes no positional arguments. */
  positionals?: Positionals;
  /** Default: the command takes no arguments after `--`. */
  rest?: Rest;
  /**
   * Runs the command.
   *
   * @returns The exit code. Default: 0.
   * @throws CommandError for a failure that the user can fix.
   */
  run(values: Values<Flags>, positionals: string[], rest: string[]): Promise<number | undefined>;
}

/** Returns a command unchanged, and infers the type of its values from its flags. */
export const defineCommand = <const Flags extends Record<string, Flag>>(command: Command<Flags>): Command<Flags> =>
  command;
