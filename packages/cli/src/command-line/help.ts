import type { Command } from "./command.ts";

/** Formats rows as two indented columns. */
export const columns = (rows: readonly (readonly [left: string, right: string])[]): string => {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}   ${right}`).join("\n");
};

/** Formats the help of a command: its usage, the meaning of each argument and flag, and examples. */
export const formatHelp = ({ name, summary, examples, flags, positionals, rest }: Command): string => {
  const flagRows = Object.entries(flags).map(
    ([flag, { value, description }]) => [`--${flag}${value ? ` ${value}` : ""}`, description] as const,
  );
  const usage = [name, positionals?.placeholder, ...flagRows.map(([flag]) => `[${flag}]`), rest?.placeholder];
  const argumentRows = [positionals, rest].flatMap((each) =>
    each ? [[each.placeholder, each.description] as const] : [],
  );
  return [
    summary,
    `Usage:\n  ${usage.filter(Boolean).join(" ")}`,
    ...(argumentRows.length ? [`Arguments:\n${columns(argumentRows)}`] : []),
    ...(positionals?.choices ? [`Names:\n${columns(Object.entries(positionals.choices))}`] : []),
    `Flags:\n${columns([...flagRows, ["--help", "Prints this text."]])}`,
    `Examples:\n${columns(examples)}`,
  ].join("\n\n");
};
