import { eventTypes, view } from "@tidemark/schema";
import { z } from "zod";

interface Shape {
  description?: string;
  type?: string;
  enum?: string[];
  const?: unknown;
  items?: Shape;
  properties?: Record<string, Shape>;
  required?: string[];
}

/** What every event has; described once, not with each. */
const SHARED = new Set(["type", "seq", "time", "view_id"]);

const typeOf = ({ type, enum: values, const: only, items }: Shape): string => {
  if (only !== undefined) return `\`${JSON.stringify(only)}\``;
  if (values) return values.map((value) => `\`${value || '""'}\``).join(", ");
  return items ? `${typeOf(items)} list` : (type ?? "any");
};

/** A Markdown table of the fields of an event type, or of `view`, from the contract itself. */
export const fieldsTable = (name: string): string => {
  const schema = name === "view" ? view : eventTypes[name as keyof typeof eventTypes];
  if (!schema) throw new Error(`there is no event type ${name}`);
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: "input" }) as Shape;
  const rows = Object.entries(properties)
    .filter(([field]) => name === "view" || !SHARED.has(field))
    .map(([field, shape]) => {
      const meaning = shape.description?.replaceAll("|", "\\|");
      return `| \`${field}\`${required.includes(field) ? "" : " (optional)"} | ${typeOf(shape)} | ${meaning} |`;
    });
  return ["| field | type | meaning |", "| --- | --- | --- |", ...rows].join("\n");
};
