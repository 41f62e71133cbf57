import { describe, expect, it } from "vitest";
import { z } from "zod";
import { batch, eventTypes, view } from "../src/index.ts";
import { MAX_DROPPED_PROPERTIES, MAX_PROPERTIES_BYTES } from "../src/limits.ts";

type JsonSchema = {
  description?: string;
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  additionalProperties?: unknown;
};

const fieldsOf = (schema: JsonSchema, path: string): [string, JsonSchema][] =>
  Object.entries(schema.properties ?? {}).flatMap(([name, field]) => [
    [`${path}.${name}`, field] as [string, JsonSchema],
    ...fieldsOf(field.items ?? field, `${path}.${name}`),
  ]);

const schemas = { ...eventTypes, view, batch };

describe("the contract", () => {
  const fields = Object.entries(schemas).flatMap(([name, schema]) =>
    fieldsOf(z.toJSONSchema(schema, { io: "input" }) as JsonSchema, name),
  );

  it.each(fields)("describes %s with its unit", (path, field) => {
    expect(field.description, path).toBeTruthy();
    if (/_ms$|_at$|\.time$|duration/.test(path)) expect(field.description).toMatch(/milliseconds/);
    if (/_px$|_height$|_width$|\.(page_)?[xy]$/.test(path)) expect(field.description).toMatch(/CSS pixels/);
    if (/percentage/.test(path)) expect(field.description).toMatch(/percent/);
  });

  it.each(Object.entries(eventTypes))(
    "describes the event type %s and names it in the field `type`",
    (name, schema) => {
      expect(schema.description).toMatch(/^[A-Z].*\.$/);
      expect(schema.shape.type.value).toBe(name);
    },
  );

  it("limits the bytes and the depth of properties", () => {
    const parse = (properties: unknown) =>
      eventTypes.custom.safeParse({ type: "custom", seq: 0, time: 0, name: "x", properties }).success;
    const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });
    expect(parse({ a: "x".repeat(MAX_PROPERTIES_BYTES - 8) })).toBe(true);
    expect(parse({ a: "x".repeat(MAX_PROPERTIES_BYTES) })).toBe(false);
    expect(parse({ a: "é".repeat(MAX_PROPERTIES_BYTES / 2) })).toBe(false);
    expect(parse(nested(5))).toBe(true);
    expect(parse(nested(6))).toBe(false);
  });

  it("names the property that is nested too deeply, whatever its depth", () => {
    const deep = JSON.parse(`${"[".repeat(100_000)}${"]".repeat(100_000)}`);
    for (const field of ["properties", "traits"] as const) {
      const schema = field === "traits" ? eventTypes.identify.shape.traits : eventTypes.custom.shape.properties;
      const { error } = schema.safeParse({ plain: 1, deep });
      expect(error?.issues.map(({ path, message }) => [path, message])).toEqual([
        [["deep"], "expected JSON with at most 4 levels of nesting"],
      ]);
    }
  });

  it.each(["custom", "page_view", "identify"] as const)(
    "accepts a bounded list of dropped properties in %s",
    (type) => {
      const parse = (dropped: unknown) => eventTypes[type].shape.dropped_properties.safeParse(dropped).success;
      expect(parse(undefined)).toBe(true);
      expect(parse(["a", "x".repeat(100)])).toBe(true);
      expect(parse(Array(MAX_DROPPED_PROPERTIES).fill("a"))).toBe(true);
      expect(parse(Array(MAX_DROPPED_PROPERTIES + 1).fill("a"))).toBe(false);
      expect(parse(["x".repeat(101)])).toBe(false);
      expect(parse([1])).toBe(false);
    },
  );
});
