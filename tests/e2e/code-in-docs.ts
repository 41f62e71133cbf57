import { readFileSync } from "node:fs";

/** A file that a page of the docs shows as a whole. */
export interface ShownFile {
  /** Its path, which the page says in a comment above the code. */
  path: string;
  code: string;
}

/** The files that Markdown shows: blocks of TypeScript or TOML that begin with a comment of their path. */
export const filesIn = (markdown: string): ShownFile[] =>
  [...markdown.matchAll(/^( *)```(?:ts|toml)\n *(?:\/\/|#) (\S+\.(?:ts|toml))\n(.*?)^ *```$/gms)].map(
    ([, indent = "", path = "", code = ""]) => ({ path, code: code.replaceAll(new RegExp(`^${indent}`, "gm"), "") }),
  );

/** A program's output as Markdown shows it: the first block of plain text. */
export const outputIn = (markdown: string): string => /^```text\n(.*?)^```$/ms.exec(markdown)?.[1] ?? "";

/** The text of a page of the docs. */
export const readDocs = (page: string): string => readFileSync(new URL(`../../docs/${page}`, import.meta.url), "utf8");
