import { defineGoal, type EventType, type Goal } from "@tidemark/schema";
import { type FieldKind, fieldsOf, kindAt } from "@tidemark/schema/event-fields";
import { CommandError, UsageError } from "../command-line/command-error.ts";

/** A number as JSON has it. */
const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i;

/** The value of a field's kind that a text denotes. A free field has a number, a boolean or a text. */
const parseValue = (text: string, kind: FieldKind | undefined): boolean | number | string => {
  const mayBe = (other: FieldKind) => kind === other || kind === "free";
  if (mayBe("number") && NUMBER.test(text)) return Number(text);
  if (mayBe("boolean") && (text === "true" || text === "false")) return text === "true";
  return text;
};

/**
 * Parses the condition of events in a flag: `custom:name=purchase`, or with several fields
 * `custom:name=purchase,properties.plan=pro`. All fields must have their values. An event type alone stands for each of its
 * events.
 *
 * @returns The condition as a goal without a value.
 * @throws UsageError for another form, CommandError for an unknown event type or field, or a value of another type.
 */
export const parseEventCondition = (text: string): Goal => {
  const [, source = "", conditions] = /^(\w+)(?::(.+))?$/s.exec(text) ?? [];
  const fields = fieldsOf(source as EventType);
  const where = (conditions?.split(",") ?? []).map((part) => {
    const at = part.indexOf("=");
    const field = part.slice(0, at);
    return { field, is: "eq", value: parseValue(part.slice(at + 1), kindAt(fields, field)), isValid: at > 0 };
  });
  if (source === "" || where.some(({ isValid }) => !isValid))
    throw new UsageError(
      `--event expects an event type with the values of its fields, such as custom:name=purchase; given ${JSON.stringify(text)}.`,
    );
  try {
    const given = { name: "outcome", source, where: where.map(({ isValid: _, ...condition }) => condition) };
    return defineGoal(given as unknown as Goal) as Goal;
  } catch (error) {
    throw new CommandError(`--event: ${(error as Error).message.replace(/^goal outcome: /, "")}.`);
  }
};
