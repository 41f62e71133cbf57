import { describe, expect, it } from "vitest";
import { phraseViolations, sentenceViolations } from "../scripts/words/prose.ts";
import { IDENTIFIER_SEGMENTS, PHRASES } from "../scripts/words/rules.ts";
import { sourceViolations } from "../scripts/words/source.ts";

const words = (count: number) => Array.from({ length: count }, () => "word").join(" ");

const messagesOf = (code: string) => sourceViolations("file.tsx", code).map(({ message }) => message);

describe("the words of a text", () => {
  it.each(Object.keys(PHRASES))("rejects %s in any case, within a line and across lines", (phrase) => {
    const capital = phrase[0]?.toUpperCase() + phrase.slice(1);
    for (const each of [phrase, capital, phrase.replace(" ", "\n")]) {
      expect(phraseViolations(`An event ${each} here.`)).toHaveLength(1);
    }
  });

  it("accepts words that only contain one of them", () => {
    expect(phraseViolations("The intellect of a wholehearted untold parcelling.")).toEqual([]);
  });
});

describe("the sentences of a text", () => {
  it("are at most 30 words long, in paragraphs, lists and tables", () => {
    for (const text of [`${words(31)}.`, `- ${words(31)}`, `| a | b |\n| - | - |\n| c | ${words(31)} |`]) {
      expect(sentenceViolations(text)).toHaveLength(1);
    }
    expect(sentenceViolations(`${words(30)}. Word ${words(29)}.\n\n- ${words(30)}\n- ${words(30)}`)).toEqual([]);
  });

  it("count a code span as one word, a link by its text, and a code block not at all", () => {
    const fine = `\`${words(9)}\` ${words(29)}.`;
    const link = `[${words(2)}](https://example.com/a%20b) ${words(28)}.`;
    expect(sentenceViolations([fine, link, `\`\`\`\n${words(40)}\n\`\`\``, `    ${words(40)}`].join("\n\n"))).toEqual(
      [],
    );
  });
});

describe("the words of a source file", () => {
  it.each(Object.keys(IDENTIFIER_SEGMENTS))("rejects %s as a segment of a name", (segment) => {
    const capital = segment[0]?.toUpperCase() + segment.slice(1);
    const names = [segment, `last${capital}At`, `${segment}_at`, `_${segment}`, segment.toUpperCase()];
    for (const name of names) expect(messagesOf(`const ${name} = 1;`)).toHaveLength(1);
    expect(messagesOf(`class A { #${segment} = 1 }`)).toHaveLength(1);
    expect(messagesOf(`const a = { ${segment}: 1 };`)).toHaveLength(1);
    expect(messagesOf(`const z${segment} = 1;`)).toEqual([]);
  });

  it("rejects words in strings, templates, markup and comments", () => {
    expect(messagesOf('const a = "is told";')).toHaveLength(1);
    expect(messagesOf(`const a = \`SELECT told_features FROM $\{b}\`;`)).toHaveLength(1);
    expect(messagesOf("const a = <p>is told</p>;")).toHaveLength(1);
    expect(messagesOf("// is told\nconst a = 1;")).toHaveLength(1);
    expect(messagesOf("/* is told */ const a = 1;")).toHaveLength(1);
  });

  it("rejects long sentences and vague beginnings of doc comments, and of no other comments", () => {
    expect(messagesOf(`/** ${words(31)}. */\nconst a = 1;`)).toHaveLength(1);
    expect(messagesOf(`/** Word.\n * @param a ${words(31)}. */\nconst a = 1;`)).toHaveLength(1);
    expect(messagesOf(`/** ${words(29)}\n * @param a ${words(29)}\n */\nconst a = 1;`)).toEqual([]);
    for (const first of ["What", "Whose"]) expect(messagesOf(`/** ${first} it is. */\nconst a = 1;`)).toHaveLength(1);
    expect(messagesOf(`// What ${words(31)}.\nconst a = 1;`)).toEqual([]);
  });

  it("names the place, the word and what to write", () => {
    const code = "const a = 1;\nconst told = 2;";
    expect(sourceViolations("file.ts", code)).toEqual([
      { start: code.indexOf("told"), message: 'told: write reported, sent, emitted for "told"' },
    ]);
  });
});
