import { sdkSignals } from "../bundle/sdk-signals.ts";
import { type Exported, sdkExports } from "./sdk-exports.ts";

const exported = sdkExports();

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

const isType = ({ name, type }: Exported): boolean => name === type;

/** The exported types that a text names, each with those that it names in turn, but not the signals, which are sections. */
const typesIn = (text: string): Exported[] =>
  exported
    .filter((each) => isType(each) && each.name !== "Signal" && text.split(/\W+/).includes(each.name))
    .flatMap((each) => [each, ...typesIn(each.definition ?? "")]);

/** What goes into the options of a function: the values and functions that are exported for them, and the types that they name. */
const ingredients = ({ takes }: Exported): string[] => {
  const written = fieldsOf(takes).map(({ name: option, type }) => ({ option, types: typesIn(type) }));
  const values = written.flatMap(({ option, types: [wanted] }) =>
    exported
      .filter((each) => wanted && !isType(each) && [each.type, each.returns].includes(wanted.name))
      .map((each) => `- \`${option}\` takes \`${each.name}\`: ${cell(firstParagraph(each.meaning))}`),
  );
  const types = [...new Set(written.flatMap(({ types }) => types))];
  return [
    ...values,
    ...types.map(({ name, definition, meaning, fields }) => {
      const isWhat = definition ? ` is \`${definition.replace(/\s+/g, " ")}\`` : "";
      const parts = fields.map((field) => ` \`${field.name}\`: ${cell(field.meaning)}`);
      return `- \`${name}\`${isWhat}: ${cell(firstParagraph(meaning))}${parts.join("")}`;
    }),
  ];
};

/** The line that names the entry that a signal has to itself. */
const entryOf = ({ name }: Exported): string[] => {
  const signal = sdkSignals.find((each) => each.name === name);
  if (!signal) throw new Error(`no module in packages/sdk/src/signals exports ${name}`);
  return [`Also in \`${signal.entry}\`, without the rest of the package.`];
};

const takesOptions = ({ takes }: Exported): boolean => takes?.endsWith("Options") ?? false;

const section = (each: Exported): string =>
  [
    `## \`${each.name}(${takesOptions(each) ? "options" : ""})\``,
    firstParagraph(each.meaning),
    ...(isSignal(each) ? entryOf(each) : []),
    takesOptions(each) ? optionsTable(`${each.takes}`) : "No options.",
    ingredients(each).join("\n"),
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
