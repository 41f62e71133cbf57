/** What a command takes. */
export interface Syntax {
  /** What `--help` prints. */
  usage: string;
  /** What a name stands for, as "project". */
  what: string;
  /** The names that may be given. */
  names: readonly string[];
  /** The flags that may be given, as "--json", beside `--help`. Default: none. */
  flags?: readonly string[];
}

/** What a command was given. */
export interface Arguments {
  names: string[];
  flags: string[];
  /** All that follows `--`. */
  rest: string[];
}

/**
 * Reads a command's arguments. `--help` prints the usage and ends the process. An unknown name or flag ends it with status 2 and a
 * sentence that lists the known ones.
 */
export const readArguments = ({ usage, what, names, flags = [] }: Syntax, given = process.argv.slice(2)): Arguments => {
  const end = given.includes("--") ? given.indexOf("--") : given.length;
  const words = given.slice(0, end);
  if (words.some((word) => word === "--help" || word === "-h")) {
    console.log(usage);
    process.exit(0);
  }
  const isFlag = (word: string) => word.startsWith("-");
  const refuse = (kind: string, word: string, known: readonly string[]) => {
    console.error(`There is no ${kind} ${word}. Known: ${known.join(", ")}.`);
    process.exit(2);
  };
  for (const word of words) {
    if (isFlag(word) && !flags.includes(word)) refuse("flag", word, [...flags, "--help"]);
    if (!isFlag(word) && !names.includes(word)) refuse(what, word, names);
  }
  return { names: words.filter((word) => !isFlag(word)), flags: words.filter(isFlag), rest: given.slice(end + 1) };
};
