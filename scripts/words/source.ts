import { parseSync, Visitor } from "oxc-parser";
import { phraseViolations, sentenceViolations } from "./prose.ts";
import { IDENTIFIER_SEGMENTS, VAGUE_FIRST_WORDS } from "./rules.ts";

/** A place of a file that breaks a rule, and the rule. */
export interface Violation {
  /** Offset in the file's text. */
  start: number;
  message: string;
}

/** Violations in the identifiers, texts and comments of a TypeScript file. @throws Error when the file does not parse. */
export const sourceViolations = (path: string, code: string): Violation[] => {
  const { program, comments, errors } = parseSync(path, code);
  if (errors[0] !== undefined) throw new Error(`${path} does not parse: ${errors[0].message}`);
  const found: Violation[] = [];
  const add = (start: number, messages: string[]) => found.push(...messages.map((message) => ({ start, message })));
  const name = (node: { name: string; start: number }) => add(node.start, segmentViolations(node.name));
  const text = ({ start, value }: { start: number; value: unknown }) => {
    if (typeof value === "string") add(start, phraseViolations(value));
  };
  const template = ({ start, value }: { start: number; value: { raw: string } }) => text({ start, value: value.raw });
  new Visitor({
    Identifier: name,
    PrivateIdentifier: name,
    JSXIdentifier: name,
    JSXText: text,
    Literal: text,
    TemplateElement: template,
  }).visit(program);
  for (const comment of comments) {
    text(comment);
    const { type, value, start } = comment;
    if (type === "Block" && value.startsWith("*")) add(start, docCommentViolations(value));
  }
  return found;
};

const segmentViolations = (name: string): string[] =>
  name
    .split(/_|(?<=[a-z0-9])(?=[A-Z])/)
    .filter((segment) => Object.hasOwn(IDENTIFIER_SEGMENTS, segment.toLowerCase()))
    .map((segment) => `${name}: write ${IDENTIFIER_SEGMENTS[segment.toLowerCase()]} for "${segment}"`);

/** Violations of a doc comment, whose text begins with the second `*`. */
const docCommentViolations = (comment: string): string[] => {
  const markdown = comment
    .replaceAll(/^\s*\*? ?/gm, "")
    .replaceAll(/\{@link (\S+?)\}/g, "`$1`")
    // Each tag begins a paragraph.
    .replaceAll(/@(?:param|template) \S+|@\w+/g, "\n\n");
  const [first = ""] = markdown.trim().split(/\W/);
  return [
    ...sentenceViolations(markdown),
    ...(VAGUE_FIRST_WORDS.includes(first) ? [`begins with "${first}": begin with the noun or the verb`] : []),
  ];
};
