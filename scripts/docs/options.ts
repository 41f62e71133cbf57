import { sdkSignals } from "../bundle/sdk-signals.ts";
import { type Exported, sdkExports } from "./sdk-exports.ts";

const exported = sdkExports();

const fieldsOf = (name: string | undefined) => exported.find((each) => each.name === name)?.fields ?? [];

/** Text for a table cell: on one line, with escaped bars. */
const cell = (text: string): string => text.replace(/\s+/g, " ").replaceAll("|", "\\|");

/** The text of a doc comment before its tags. */
const withoutTags = (text: string): string => text.split(/\n+@/)[0] ?? "";

/** A Markdown table of the options in an interface that the SDK exports, from its doc comments. */
export const optionsTable = (name: string): string => {
  const rows = fieldsOf(name).map(
    ({ name, type, isRequired, meaning }) =>
      `| \`${name}\`${isRequired ? " (required)" : ""} | \`${cell(type)}\` | ${cell(meaning)} |`,
  );
  if (!rows.length)
    throw new Error(`<!-- options ${name} -->: expected an interface that the SDK exports, with at least one option`);
  return ["| option | type | meaning |", "| --- | --- | --- |", ...rows].join("\n");
};

const isSignal = ({ returns }: Exported): boolean => returns === "Signal";

const isType = ({ name, type }: Exported): boolean => name === type;

/**
 * The exported types in a text, followed by the types in their definitions. Excludes `Signal`: signals have their own
 * sections.
 */
const typesIn = (text: string): Exported[] =>
  exported
    .filter((each) => isType(each) && each.name !== "Signal" && text.split(/\W+/).includes(each.name))
    .flatMap((each) => [each, ...typesIn(each.definition ?? "")]);

/** List items for the options of a function: the exports that are values of an option, and the types of the options. */
const optionValues = ({ takes }: Exported): string[] => {
  const options = fieldsOf(takes).map(({ name: option, type }) => ({ option, types: typesIn(type) }));
  const values = options.flatMap(({ option, types: [optionType] }) =>
    exported
      .filter((each) => optionType && !isType(each) && [each.type, each.returns].includes(optionType.name))
      .map((each) => `- \`${option}\` takes \`${each.name}\`: ${cell(withoutTags(each.meaning))}`),
  );
  const types = [...new Set(options.flatMap(({ types }) => types))];
  return [
    ...values,
    ...types.map(({ name, definition, meaning, fields }) => {
      const equals = definition ? ` is \`${definition.replace(/\s+/g, " ")}\`` : "";
      const parts = fields.map((field) => `\n  - \`${field.name}\`: ${cell(field.meaning)}`);
      return `- \`${name}\`${equals}: ${cell(withoutTags(meaning))}${parts.join("")}`;
    }),
  ];
};

/** The line that names the separate entry of a signal. */
const entryOf = ({ name }: Exported): string[] => {
  const signal = sdkSignals.find((each) => each.name === name);
  if (!signal) throw new Error(`no module in packages/sdk/src/signals exports ${name}`);
  return [`\`${signal.entry}\` exports this signal alone.`];
};

const takesOptions = ({ takes }: Exported): boolean => takes?.endsWith("Options") ?? false;

const section = (each: Exported): string =>
  [
    `## \`${each.name}(${takesOptions(each) ? "options" : ""})\``,
    withoutTags(each.meaning),
    ...(isSignal(each) ? entryOf(each) : []),
    takesOptions(each) ? optionsTable(`${each.takes}`) : "No options.",
    optionValues(each).join("\n"),
  ]
    .filter(Boolean)
    .join("\n\n");

/**
 * Markdown sections for every export of the SDK that takes options: the tracker, the signals, then the other functions.
 */
export const optionsReference = (): string => {
  const others = exported.filter((each) => takesOptions(each) && !isSignal(each));
  const tracker = others.filter(({ name }) => name === "createTracker");
  return [...tracker, ...exported.filter(isSignal), ...others.filter((each) => !tracker.includes(each))]
    .map(section)
    .join("\n\n");
};
