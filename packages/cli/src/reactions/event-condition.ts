import type { EventType, Goal } from "@tidemark/schema";
import { eventTypeNames, type FieldKind, fieldsOf, kindAt } from "@tidemark/schema/event-fields";
import { CommandError, UsageError } from "../command-line/command-error.ts";

/** A number as JSON has it. */
const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i;

/** The value of a field that a text denotes, if it is of the field's kind. A free field has a number, a boolean or a text. */
const parseValue = (text: string, kind: FieldKind): boolean | number | string | undefined => {
  if (kind === "string") return text;
  if (kind !== "boolean" && NUMBER.test(text)) return Number(text);
  if (kind !== "number" && (text === "true" || text === "false")) return text === "true";
  return kind === "free" ? text : undefined;
};

/**
 * Parses the condition of events in a flag: `custom:name=purchase`, or with several fields
 * `custom:name=purchase,properties.plan=pro`. All fields must have their values. An event type alone stands for each of its
 * events.
 *
 * @returns The condition as a goal without a value.
 * @throws UsageError for another form, CommandError for an unknown event type or field, or a value of another kind.
 */
export const parseEventCondition = (text: string): Goal => {
  const [, source = "", conditions] = /^(\w+)(?::(.+))?$/s.exec(text) ?? [];
  const parts = (conditions?.split(",") ?? []).map((part) => /^([^=]+)=(.*)$/s.exec(part));
  if (source === "" || parts.includes(null))
    throw new UsageError(
      `--event expects an event type with the values of its fields, such as custom:name=purchase; given ${JSON.stringify(text)}.`,
    );
  if (!eventTypeNames.includes(source as EventType))
    throw new CommandError(`--event: expected an event type: ${eventTypeNames.join(", ")}; given ${source}.`);
  const fields = fieldsOf(source as EventType);
  const where = parts.map((part) => {
    const [, field = "", given = ""] = part ?? [];
    const kind = kindAt(fields, field);
    if (kind === undefined) {
      const known = [...fields].map(([name, each]) => (each === "free" ? `${name}<key>` : name)).join(", ");
      throw new CommandError(`--event: ${source} has no field ${field}; expected ${known}.`);
    }
    const value = parseValue(given, kind);
    if (value === undefined)
      throw new CommandError(`--event: ${field} of ${source} is a ${kind}; given ${JSON.stringify(given)}.`);
    return { field, is: "eq", value };
  });
  return { name: "outcome", source, where } as unknown as Goal;
};
