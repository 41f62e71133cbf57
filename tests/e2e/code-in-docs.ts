import { readFileSync } from "node:fs";

/** A complete file in a page of the docs. */
export interface ShownFile {
  /** Its path, from a comment in the first line of the code block. */
  path: string;
  code: string;
}

/** Returns the files in a Markdown text: blocks of TypeScript or TOML that begin with a comment of their path. */
export const filesIn = (markdown: string): ShownFile[] =>
  [...markdown.matchAll(/^( *)```(?:ts|toml)\n *(?:\/\/|#) (\S+\.(?:ts|toml))\n(.*?)^ *```$/gms)].map(
    ([, indent = "", path = "", code = ""]) => ({ path, code: code.replaceAll(new RegExp(`^${indent}`, "gm"), "") }),
  );

/** Returns a program's output in a Markdown text: the first block of plain text. */
export const outputIn = (markdown: string): string => /^```text\n(.*?)^```$/ms.exec(markdown)?.[1] ?? "";

/** Reads a page of the docs. */
export const readDocs = (page: string): string => readFileSync(new URL(`../../docs/${page}`, import.meta.url), "utf8");
