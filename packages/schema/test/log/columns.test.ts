import { describe, expect, it } from "vitest";
import { deriveEventFields } from "../../src/derive/event-fields.ts";
import { defaultFeatures, type Feature } from "../../src/index.ts";
import {
  columnName,
  eventColumns,
  FOLDER_KEYS,
  fieldColumns,
  payloadColumns,
  vectorColumns,
} from "../../src/log/index.ts";

const fields = Object.entries(deriveEventFields()).flatMap(([type, kinds]) =>
  Object.entries(kinds).map(([path, kind]) => ({ type, path, kind })),
);

describe("columnName", () => {
  it("joins a path by underscores", () => {
    expect(columnName("target.path")).toBe("target_path");
    expect(columnName("properties.")).toBe("properties");
    expect(columnName("seq")).toBe("seq");
  });

  it("names no column like a folder, whose value readers would take instead", () => {
    expect(columnName("kind")).toBe("event_kind");
  });
});

describe("the columns of events", () => {
  it("have one kind for each field of the contract, in all types of events", () => {
    const kinds = new Map(fields.map(({ path, kind }) => [path, kind]));
    expect(fields.filter(({ path, kind }) => kinds.get(path) !== kind)).toEqual([]);
  });

  it("hold each field of the contract", () => {
    expect(fields.filter(({ path }) => !fieldColumns.has(path))).toEqual([]);
  });
});

describe.each([
  ["events", eventColumns],
  ["vectors", vectorColumns(defaultFeatures)],
  ["other records", payloadColumns],
])("the columns of %s", (_, columns) => {
  it("have distinct names, also where case does not count", () => {
    const names = columns.map(({ name }) => name.toLowerCase());
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it("share only `site` with the folders", () => {
    const names = columns.map(({ name }) => name);
    expect(FOLDER_KEYS.filter((key) => names.includes(key))).toEqual(["site"]);
  });
});

describe("vectorColumns", () => {
  const feature = (name: string, rest: object): Feature =>
    ({
      name,
      description: "",
      unit: "",
      entity: "session",
      source: "custom",
      window: { type: "session" },
      ...rest,
    }) as Feature;
  const read = { feature: "price" };

  it("have the type of the feature's values", () => {
    const features = [
      feature("count", { aggregate: { type: "count" } }),
      feature("name", { aggregate: { type: "last", field: "name" } }),
      feature("price", { aggregate: { type: "first", field: "properties.price" } }),
      feature("top", { aggregate: { type: "top_k", field: "name", k: 3 } }),
      { name: "is", description: "", unit: "", entity: "session", derive: { op: "eq", left: read, right: 1 } },
      {
        name: "or",
        description: "",
        unit: "",
        entity: "session",
        derive: { if: { feature: "is" }, then: read, else: 1 },
      },
      { name: "never", description: "", unit: "", entity: "session", derive: { feature: "top" } },
    ] as Feature[];
    const ofFeatures = vectorColumns(features).filter(({ name }) => name.startsWith("feature_"));
    expect(Object.fromEntries(ofFeatures.map(({ name, type }) => [name, type]))).toEqual({
      feature_count: "number",
      feature_name: "text",
      feature_price: "json",
      feature_top: "json",
      feature_is: "boolean",
      feature_or: "json",
      feature_never: "number",
    });
  });

  it("leave out the features of other entities", () => {
    const page = { ...feature("views", { aggregate: { type: "count" } }), entity: "page" } as Feature;
    expect(vectorColumns([page]).map(({ name }) => name)).not.toContain("feature_views");
  });
});
