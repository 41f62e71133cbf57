import { type EventType, eventTypes } from "@tidemark/schema";
import { z } from "zod";

/** Fields of every event. The page describes them once in its text. */
const COMMON_FIELDS = new Set(["type", "seq", "time", "view_id"]);

/** A Markdown table of event types with their fields, from the contract. Optional fields are in parentheses. */
export const eventsTable = (...types: string[]): string => {
  const rows = types.map((type) => {
    const schema = eventTypes[type as EventType];
    if (!schema) throw new Error(`<!-- events ${type} -->: the contract has no event type ${type}`);
    const { description, properties = {}, required = [] } = z.toJSONSchema(schema, { io: "input" });
    const fields = Object.keys(properties)
      .filter((field) => !COMMON_FIELDS.has(field))
      .map((field) => (required.includes(field) ? `\`${field}\`` : `(\`${field}\`)`));
    return `| \`${type}\` | ${description} | ${fields.join(", ")} |`;
  });
  return ["| event | meaning | fields |", "| --- | --- | --- |", ...rows].join("\n");
};
