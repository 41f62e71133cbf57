/** A flag of a command, as `--name` or `--name <value>`. */
export interface Flag {
  /** The effect of the flag, for the help. */
  description: string;
  /** Placeholder of the flag's value in the help, such as `<folder>`. A flag without it takes no value. */
  value?: string;
}

/** The words that a command takes after its name. */
export interface Positionals {
  /** Placeholder in the help, such as `[name …]`. */
  placeholder: string;
  /** The meaning of the words, for the help. */
  description: string;
  /** The words that the command knows, each with its meaning. Default: any word. */
  choices?: Readonly<Record<string, string>>;
}

/** The arguments after `--`, which the command passes on to another program. */
interface Rest {
  /** Placeholder in the help, such as `[-- file …]`. */
  placeholder: string;
  /** The meaning of the arguments, for the help. */
  description: string;
}

/** The values of a command's flags: a text for a flag that takes a value, `true` for one that does not; absent when not given. */
export type Values<Flags extends Record<string, Flag>> = {
  [Name in keyof Flags]?: Flags[Name] extends { value: string }
    ? string
    : "value" extends keyof Flags[Name]
      ? string | true
      : true;
};

/** One command of a command line. */
export interface Command<Flags extends Record<string, Flag> = Record<string, Flag>> {
  /** The command as people type it: `tidemark dev`. */
  name: string;
  /** One sentence: the effect of the command. */
  summary: string;
  /** One or more complete command lines, each with its purpose. */
  examples: readonly (readonly [line: string, meaning: string])[];
  flags: Flags;
  /** Default: the command takes no words. */
  positionals?: Positionals;
  /** Default: the command passes no arguments on. */
  rest?: Rest;
  /**
   * Runs the command.
   *
   * @returns The exit code. Default: 0.
   * @throws CommandError for a failure that the user can repair.
   */
  run(values: Values<Flags>, positionals: string[], rest: string[]): Promise<number | undefined>;
}

/** Types a command by its own flags, and returns it unchanged. */
export const defineCommand = <const Flags extends Record<string, Flag>>(command: Command<Flags>): Command<Flags> =>
  command;
