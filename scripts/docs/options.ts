import { readFileSync } from "node:fs";

/**
 * A Markdown table of the options in an interface of the SDK, from its own doc comments.
 *
 * @param interfaceName Name of the interface, as `DwellOptions`.
 * @param file Path within `packages/sdk/src`.
 */
export const optionsTable = (interfaceName: string, file: string): string => {
  const source = readFileSync(new URL(`../../packages/sdk/src/${file}`, import.meta.url), "utf8");
  const body = new RegExp(`export interface ${interfaceName} \\{\\n(.*?)\\n\\}`, "s").exec(source)?.[1];
  if (body === undefined) throw new Error(`${file} has no interface ${interfaceName}`);
  const rows = [...body.matchAll(/\/\*\*(.*?)\*\/\s+(?:readonly )?(\w+)(\??): ([^;]+);/gs)].map(
    ([, comment = "", name, optional, type = ""]) => {
      const meaning = comment
        .replace(/\n\s*\*/g, " ")
        .replace(/\{@link (\w+)\}/g, "`$1`")
        .replace(/\s+/g, " ")
        .trim();
      return `| \`${name}\`${optional ? "" : " (required)"} | \`${type.replaceAll("|", "\\|")}\` | ${meaning} |`;
    },
  );
  return ["| option | type | meaning |", "| --- | --- | --- |", ...rows].join("\n");
};
