import { unplayable } from "../../tests/scenarios/played-in.ts";
import { undrivable } from "./driver-limits.ts";

/** A Markdown table of what the tests cannot make an engine do: with its signals, or of delivery's scenarios. */
export const undrivableTable = (of: string): string =>
  [
    "| engine | what | why |",
    "| --- | --- | --- |",
    ...(of === "delivery" ? unplayable : undrivable).map(({ engine, what, why }) => `| ${engine} | ${what} | ${why} |`),
  ].join("\n");
