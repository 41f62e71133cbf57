import type { Command } from "./command.ts";

/** Two columns, each line indented. */
export const columns = (rows: readonly (readonly [left: string, right: string])[]): string => {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}   ${right}`).join("\n");
};

/** The help of a command: its usage, examples, and the effect of each flag. */
export const helpOf = ({ name, summary, examples, flags, words }: Command): string => {
  const rows = Object.entries(flags).map(
    ([flag, { value, description }]) => [`--${flag}${value ? ` ${value}` : ""}`, description] as const,
  );
  const usage = [name, ...(words ? [words.placeholder] : []), ...rows.map(([flag]) => `[${flag}]`)].join(" ");
  const known = words?.known ? `: ${words.known.join(", ")}` : "";
  return [
    summary,
    `Usage:\n  ${usage}`,
    ...(words ? [`Arguments:\n${columns([[words.placeholder, `${words.description}${known}.`]])}`] : []),
    `Flags:\n${columns([...rows, ["--help", "Prints this text."]])}`,
    `Examples:\n${columns(examples)}`,
  ].join("\n\n");
};
