import { undrivable } from "../../tests/engines/undrivable.ts";

/** A Markdown table of what the tests cannot make an engine do. */
export const undrivableTable = (): string =>
  [
    "| engine | what | why |",
    "| --- | --- | --- |",
    ...undrivable.map(({ engine, what, why }) => `| ${engine} | ${what} | ${why} |`),
  ].join("\n");
