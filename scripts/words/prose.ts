import { marked, type Token, type Tokens } from "marked";
import { MAX_SENTENCE_WORDS, PHRASES } from "./rules.ts";

const SENTENCES = new Intl.Segmenter("en", { granularity: "sentence" });

const PHRASE = new RegExp(`\\b(?:${Object.keys(PHRASES).join("|")})\\b`, "gi");

/** Violations of a text's words: each names the word and what to write instead. `_` separates words, as in SQL names. */
export const phraseViolations = (text: string): string[] =>
  [...text.replaceAll("_", " ").replaceAll(/\s+/g, " ").matchAll(PHRASE)].map(
    ([phrase]) => `"${phrase}": write ${PHRASES[phrase.toLowerCase()]}`,
  );

/** Violations of the length of sentences in a Markdown text. */
export const sentenceViolations = (markdown: string): string[] =>
  blocksOf(markdown)
    // The segmenter ends a sentence at a line's end.
    .flatMap((block) => [...SENTENCES.segment(block.replaceAll(/\s+/g, " "))].map(({ segment }) => segment.trim()))
    .map((sentence) => ({ sentence, words: sentence.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length }))
    .filter(({ words }) => words > MAX_SENTENCE_WORDS)
    .map(({ sentence, words }) => `${words} words, at most ${MAX_SENTENCE_WORDS}: "${sentence}"`);

/** The prose of a Markdown text: paragraphs, headings, list items and table cells, without code blocks. */
const blocksOf = (markdown: string): string[] => {
  const blocks: string[] = [];
  marked.walkTokens(marked.lexer(markdown), (token) => {
    if (token.type === "paragraph" || token.type === "heading") blocks.push(plainText(token.tokens ?? []));
    // A list item holds its text in a token of type `text` that has tokens itself.
    if (token.type === "text" && "tokens" in token) blocks.push(plainText(token.tokens ?? []));
    if (token.type === "table") {
      const { header, rows } = token as Tokens.Table;
      blocks.push(...[header, ...rows].flat().map(({ tokens }) => plainText(tokens)));
    }
  });
  return blocks;
};

/** Text without markup. A code span becomes the word `code`, whatever it contains. */
const plainText = (tokens: readonly Token[]): string =>
  tokens
    .map((token) => {
      if (token.type === "codespan") return "code";
      if (token.type === "html") return "";
      if (token.type === "br") return " ";
      return "tokens" in token && token.tokens ? plainText(token.tokens) : "text" in token ? token.text : token.raw;
    })
    .join("");
