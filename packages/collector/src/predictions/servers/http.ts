import type { HttpRun } from "../../define-model.ts";
import { filledIn, type ModelInput, predictionOf, type ServerProtocol, valueAt } from "./server-protocol.ts";

const DEFAULT_REQUEST = { entity: "$entity", id: "$id", features: "$features" };

const filled = (template: unknown, parts: Readonly<Record<string, unknown>>): unknown => {
  if (typeof template === "string") return Object.hasOwn(parts, template) ? parts[template] : template;
  if (Array.isArray(template)) return template.map((each) => filled(each, parts));
  if (typeof template !== "object" || template === null) return template;
  return Object.fromEntries(Object.entries(template).map(([name, each]) => [name, filled(each, parts)]));
};

const partsOf = ({ entity, id, features }: ModelInput, missing: number | undefined) => {
  const values = features.map(({ name, value }): [string, unknown] => [name, filledIn(value, missing)]);
  return {
    ...{ $entity: entity, $id: id },
    $features: Object.fromEntries(values),
    $values: values.map(([, value]) => value),
  };
};

/** Any server with JSON over HTTP. */
export const httpProtocol: ServerProtocol<HttpRun> = {
  request: ({ url, request = DEFAULT_REQUEST, missing }, input) => ({
    url,
    body: filled(request, partsOf(input, missing)),
  }),

  predictionIn: ({ response: path }, response) => predictionOf(valueAt(response, path)),
};
