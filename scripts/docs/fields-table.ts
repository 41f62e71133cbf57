import {
  batch,
  batchResponse,
  bulkPrediction,
  bulkRead,
  consent,
  eventTypes,
  followProof,
  predictionRead,
  sessionRead,
  userRead,
  view,
} from "@tidemark/schema";
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

/** Fields of every event. The page describes them once in its text. */
const COMMON_FIELDS = new Set(["type", "seq", "time", "view_id"]);

const typeOf = ({ type, enum: values, const: only, items }: Shape): string => {
  if (only !== undefined) return `\`${JSON.stringify(only)}\``;
  if (values) return values.map((value) => `\`${value || '""'}\``).join(", ");
  return items ? `${typeOf(items)} list` : (type ?? "any");
};

/** Objects of the contract that are not events. */
const OBJECTS: Record<string, z.ZodType> = {
  ...{ batch, response: batchResponse, consent, view, sessionRead, userRead, bulkRead, followProof },
  ...{ predictionRead, bulkPrediction },
  entityRead: bulkRead.shape.read.element,
};

/** A Markdown table of the fields of an event type, or of one of {@link OBJECTS}, from the contract. */
export const fieldsTable = (name: string): string => {
  const schema = OBJECTS[name] ?? eventTypes[name as keyof typeof eventTypes];
  if (!schema) throw new Error(`<!-- fields ${name} -->: expected an event type or ${Object.keys(OBJECTS).join(", ")}`);
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: "input" }) as Shape;
  const rows = Object.entries(properties)
    .filter(([field]) => OBJECTS[name] || !COMMON_FIELDS.has(field))
    .map(([field, shape]) => {
      const meaning = shape.description?.replaceAll("|", "\\|");
      return `| \`${field}\`${required.includes(field) ? "" : " (optional)"} | ${typeOf(shape)} | ${meaning} |`;
    });
  return ["| field | type | meaning |", "| --- | --- | --- |", ...rows].join("\n");
};
