import { type EventType, eventTypes } from "@tidemark/schema";
import { z } from "zod";

/** What every event says beside: described once in the text. */
const SHARED = new Set(["type", "seq", "time", "view_id"]);

/** A Markdown table of what event types tell of a visitor, from the contract itself; what may be absent in brackets. */
export const eventsTable = (...types: string[]): string => {
  const rows = types.map((type) => {
    const schema = eventTypes[type as EventType];
    if (!schema) throw new Error(`there is no event type ${type}`);
    const { description, properties = {}, required = [] } = z.toJSONSchema(schema, { io: "input" });
    const fields = Object.keys(properties)
      .filter((field) => !SHARED.has(field))
      .map((field) => (required.includes(field) ? `\`${field}\`` : `(\`${field}\`)`));
    return `| \`${type}\` | ${description} | ${fields.join(", ")} |`;
  });
  return ["| event | when | fields |", "| --- | --- | --- |", ...rows].join("\n");
};
