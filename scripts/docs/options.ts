import sdk from "../../packages/sdk/package.json" with { type: "json" };
import { type Exported, surface } from "./surface.ts";

const exported = surface();

const fieldsOf = (name: string | undefined) => exported.find((each) => each.name === name)?.fields ?? [];

/** A text in one line, as a cell of a table has it. */
const cell = (text: string): string => text.replace(/\s+/g, " ").replaceAll("|", "\\|");

const firstParagraph = (text: string): string => text.split("\n\n")[0] ?? "";

/** A Markdown table of the options in an interface that the SDK exports, from its own doc comments. */
export const optionsTable = (name: string): string => {
  const rows = fieldsOf(name).map(
    ({ name, type, isRequired, meaning }) =>
      `| \`${name}\`${isRequired ? " (required)" : ""} | \`${cell(type)}\` | ${cell(meaning)} |`,
  );
  if (!rows.length) throw new Error(`the SDK exports no interface ${name} with options`);
  return ["| option | type | meaning |", "| --- | --- | --- |", ...rows].join("\n");
};

const isSignal = ({ returns }: Exported): boolean => returns === "Signal";

/** The exports that are what an option of this function takes, beside signals, each with what it is. */
const fitting = ({ takes }: Exported): string[] =>
  fieldsOf(takes).flatMap(({ name: option, type }) =>
    exported
      .filter((each) => each.name !== each.type && !isSignal(each))
      .filter((each) => [each.type, each.returns].some((what) => what && type.split(/\W+/).includes(what)))
      .map((each) => `- \`${option}\` takes \`${each.name}\`: ${cell(firstParagraph(each.meaning))}`),
  );

/** The line that names the entry that a signal has to itself. */
const entryOf = (signal: Exported): string[] => {
  const file = signal.name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const [entry] = Object.entries(sdk.exports).find(([, path]) => path === `./src/signals/${file}.ts`) ?? [];
  if (!entry) throw new Error(`packages/sdk/package.json has no entry for ${signal.name}`);
  return [`Also in \`${entry.replace(".", "@tidemark/sdk")}\`, without the rest of the package.`];
};

const takesOptions = ({ takes }: Exported): boolean => takes?.endsWith("Options") ?? false;

const section = (each: Exported): string =>
  [
    `## \`${each.name}(${takesOptions(each) ? "options" : ""})\``,
    firstParagraph(each.meaning),
    ...(isSignal(each) ? entryOf(each) : []),
    takesOptions(each) ? optionsTable(`${each.takes}`) : "No options.",
    fitting(each).join("\n"),
  ]
    .filter(Boolean)
    .join("\n\n");

/** A Markdown section for everything of the SDK that takes options: the tracker, each signal, and what they are given. */
export const optionsReference = (): string => {
  const others = exported.filter((each) => takesOptions(each) && !isSignal(each));
  const tracker = others.filter(({ name }) => name === "createTracker");
  return [...tracker, ...exported.filter(isSignal), ...others.filter((each) => !tracker.includes(each))]
    .map(section)
    .join("\n\n");
};
