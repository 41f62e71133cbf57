import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineCommand, runCommand } from "@tidemark/cli/command-line";
import { phraseViolations, sentenceViolations } from "./words/prose.ts";
import { sourceViolations } from "./words/source.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Files that list the words themselves. */
const EXEMPT = ["scripts/words/rules.ts", "tests/words.test.ts"];

/** Part of a page that lists names of earlier versions. */
const OLD_NAMES = /<!-- old names -->.*?<!-- end -->/gs;

/** The violations of a file, as `path:line: message`. */
const violationsOf = (path: string): string[] => {
  const text = readFileSync(`${ROOT}${path}`, "utf8");
  if (/\.tsx?$/.test(path)) {
    return sourceViolations(path, text).map(
      ({ start, message }) => `${path}:${text.slice(0, start).split("\n").length}: ${message}`,
    );
  }
  const current = text.replaceAll(OLD_NAMES, "");
  const messages = [...phraseViolations(current), ...(path.endsWith(".md") ? sentenceViolations(current) : [])];
  return messages.map((message) => `${path}: ${message}`);
};

/** `node scripts/check-words.ts`, a part of `pnpm check`. */
const checkWords = defineCommand({
  name: "node scripts/check-words.ts",
  summary: "Checks names, comments, texts and pages against the rules of language in CONTRIBUTING.md.",
  flags: {},
  examples: [["node scripts/check-words.ts", "Prints each violation with its place."]],
  async run() {
    const paths = execFileSync(
      "git",
      ["ls-files", "*.ts", "*.tsx", "*.md", "*.html", "*.js", "*.css", "*.toml", "*.yaml"],
      {
        cwd: ROOT,
        encoding: "utf8",
      },
    );
    const files = paths
      .trim()
      .split("\n")
      .filter((path) => !EXEMPT.includes(path));
    const violations = files.flatMap(violationsOf);
    for (const violation of violations) console.log(violation);
    console.log(`${files.length} files, ${violations.length} violations`);
    return violations.length ? 1 : 0;
  },
});

await runCommand(checkWords);
