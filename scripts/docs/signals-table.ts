import { deriveEventSignals } from "../../packages/schema/src/derive/event-signals.ts";

/** A Markdown table of the signals and enrichments that features need, by the source and the fields that they read. */
export const signalsTable = (): string => {
  const rows = Object.entries(deriveEventSignals()).map(([type, { signal, fields }]) => {
    const names = [...new Set(Object.values(fields))];
    const ofFields = names.map((name) => {
      const paths = Object.keys(fields).filter((path) => fields[path] === name);
      return `${paths.map((path) => `\`${path}\``).join(", ")}: \`${name}\``;
    });
    return `| \`${type}\` | ${signal ? `\`${signal}\`` : "none"} | ${ofFields.join("; ") || "none"} |`;
  });
  return ["| source | signal | enrichments of its fields |", "| --- | --- | --- |", ...rows].join("\n");
};
