import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The root of the repository. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A command that a page shows to its reader. */
export interface DocumentedCommand {
  /** Page and line, as `docs/log.md:7`. */
  place: string;
  /** The line with the command, as a shell runs it. */
  line: string;
  /** The words of the command, without variables that it sets and files that it reads or writes. */
  words: readonly string[];
  /** Whether it stands within a sentence or a table. Such a command may name a group: `tidemark sinks`. */
  isInline: boolean;
}

const PAGES = [
  ...["README.md", "CONTRIBUTING.md", "docs/*.md", "ops/README.md", "packages/*/README.md"],
  ...["examples/*/README.md", "clients/*/README.md"],
];

/** Programs that readers run. The first word of an indented line or of a quotation decides whether it is a command. */
const PROGRAMS =
  /^(?:cd|npx|npm|pnpm|node|tidemark|wrangler|curl|pip|python3?|jupyter|docker|kubectl|git|mkdir|cp|sed|export|openssl|duckdb|promtool|amtool|systemctl|install|feast|mlserver|gcloud|claude|dbt|clickhouse|psql) (?=\S)/;

/** Splits a line into words and operators as a shell does. `<name>`, a part for the reader to replace, is one word. */
const wordsOf = (line: string): string[] => {
  const withNames = line.replaceAll(
    /<([a-z][\w-]*(?: [\w-]+)*)>/g,
    (_, name: string) => `‹${name.replaceAll(" ", "-")}›`,
  );
  const tokens = withNames.matchAll(/\s#.*$|<<<|&&|[|;<>&]|(?:\$\([^)]*\)|"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"'|;<>&])+/g);
  return [...tokens]
    .map(([token]) => token)
    .filter((token) => !/^\s#/.test(token))
    .map((token) => token.replaceAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'/g, (_, double, single) => double ?? single));
};

/** Splits a line into its commands, each without files, variables and the program that starts it in the background. */
const commandsIn = (line: string): string[][] => {
  const commands: string[][] = [[]];
  let isFile = false;
  for (const word of wordsOf(line)) {
    if (/^(&&|[|;&])$/.test(word)) commands.push([]);
    else if (/^(<<<|[<>])$/.test(word)) isFile = true;
    else if (isFile) isFile = false;
    else if (commands.at(-1)?.length || !/^[A-Z_]+=/.test(word)) commands.at(-1)?.push(word);
  }
  return commands.filter((words) => words.length > 0);
};

/** The lines of a text that a shell runs: a backslash joins two. Each has the number of its first line. */
const linesOf = (text: string, first: number): [line: string, number: number][] => {
  const lines: [string, number][] = [];
  let isContinued = false;
  for (const [index, line] of text.split("\n").entries()) {
    const last = lines.at(-1);
    if (isContinued && last) last[0] += ` ${line.trim()}`;
    else if (line.trim()) lines.push([line.trim(), first + index]);
    isContinued = line.endsWith("\\");
    const current = lines.at(-1);
    if (isContinued && current) current[0] = current[0].replace(/\\$/, "");
  }
  return lines;
};

const lineAt = (text: string, index: number): number => text.slice(0, index).split("\n").length;

/** Finds the commands of a page: in blocks of a shell, in indented blocks, and in sentences and tables. */
export const commandsOfPage = (page: string, text: string): DocumentedCommand[] => {
  const found: DocumentedCommand[] = [];
  const add = (isInline: boolean, [line, number]: [string, number]) => {
    for (const words of commandsIn(line)) found.push({ place: `${page}:${number}`, line, words, isInline });
  };
  const blank = (block: string) => block.replaceAll(/[^\n]/g, "");
  const prose = text.replaceAll(
    /^( *)```(.*)\n([\s\S]*?)^ *```$/gm,
    (block, _, language: string, code: string, at: number) => {
      if (/^(sh|bash|shell|console)\b/.test(language))
        for (const each of linesOf(code, lineAt(text, at) + 1)) add(false, each);
      return blank(block);
    },
  );
  const rest = prose.replaceAll(/(?:^ {4}.*\n?)+/gm, (block, at: number) => {
    const lines = linesOf(block, lineAt(prose, at));
    for (const each of lines) if (PROGRAMS.test(each[0])) add(false, each);
    return blank(block);
  });
  for (const { 1: code = "", index } of rest.matchAll(/`([^`]+)`/g)) {
    const line = code.replaceAll(/\s+/g, " ");
    if (PROGRAMS.test(line)) add(true, [line, lineAt(rest, index)]);
  }
  return found;
};

/** The commands of all pages. */
export const documentedCommands = (): DocumentedCommand[] =>
  globSync(PAGES, { cwd: ROOT })
    .toSorted()
    .flatMap((page) => commandsOfPage(page, readFileSync(`${ROOT}${page}`, "utf8")));
