import type { FeatureValue } from "@tidemark/schema";
import type { ValueKind } from "@tidemark/schema/value-kind";
import type { KserveV2Run } from "../../define-model.ts";
import { PredictionError } from "../outcome.ts";
import { at, filledIn, type ModelInput, predictionOf, type ServerProtocol, valueAt } from "./server-protocol.ts";

/** A tensor of the Open Inference Protocol. */
interface Tensor {
  name: string;
  shape: number[];
  datatype: "FP64" | "BOOL" | "BYTES";
  data: FeatureValue[];
  parameters?: { content_type: string };
}

const pathOf = ({ model, version }: KserveV2Run): string =>
  `/v2/models/${encodeURIComponent(model)}${version === undefined ? "" : `/versions/${encodeURIComponent(version)}`}`;

/** One row with all values as numbers. */
const rowOf = (name: string, { features }: ModelInput, missing: number | undefined): Tensor => ({
  ...{ name, shape: [1, features.length], datatype: "FP64" },
  data: features.map(({ value }) => filledIn(typeof value === "boolean" ? Number(value) : value, missing)),
});

const datatypeOf = (kind: ValueKind): Tensor["datatype"] => {
  if (kind === "boolean") return "BOOL";
  return kind === "string" || kind === "free" ? "BYTES" : "FP64";
};

/** A column with one row, as a data frame has it. */
const columnOf = ({ name, kind, value }: ModelInput["features"][number], missing: number | undefined): Tensor => {
  const tensor = { name, shape: [1, 1], datatype: datatypeOf(kind) };
  const filled = filledIn(value, missing);
  // Triton reads no number as a BOOL.
  if (tensor.datatype === "BOOL") return { ...tensor, data: [filled === null ? null : Boolean(filled)] };
  if (tensor.datatype === "FP64") return { ...tensor, data: [filled] };
  return { ...tensor, data: [value === null ? null : String(value)], parameters: { content_type: "str" } };
};

/** The Open Inference Protocol V2: https://github.com/kserve/open-inference-protocol */
export const kserveV2Protocol: ServerProtocol<KserveV2Run> = {
  request(run, input) {
    const { input: name, output, missing } = run;
    // With this content type, MLServer makes a data frame of the columns.
    const inputs = name
      ? { inputs: [rowOf(name, input, missing)] }
      : { parameters: { content_type: "pd" }, inputs: input.features.map((each) => columnOf(each, missing)) };
    return {
      url: at(run.url, `${pathOf(run)}/infer`),
      // KServe's servers fail without an id, which the protocol does not require.
      body: { id: crypto.randomUUID(), ...inputs, ...(output !== undefined && { outputs: [{ name: output }] }) },
    };
  },

  predictionIn({ output }, response) {
    const outputs = valueAt(response, "outputs");
    const all: unknown[] = Array.isArray(outputs) ? outputs : [];
    const found = output === undefined ? all[0] : all.find((each) => valueAt(each, "name") === output);
    if (found !== undefined) return predictionOf(valueAt(found, "data"));
    const names = all.map((each) => String(valueAt(each, "name"))).join(", ") || "none";
    throw new PredictionError("error", `outputs: expected ${output ?? "at least one"}; given ${names.slice(0, 200)}`);
  },

  healthUrl: (run) => at(run.url, `${pathOf(run)}/ready`),
};
