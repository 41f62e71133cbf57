import type { TidemarkConfig } from "./config.ts";
import { modelTitle } from "./define-model.ts";
import { changedSet, readFile } from "./predictions/model-file.ts";
import { type CompiledModel, createTenants } from "./tenants.ts";

const reasonOf = (model: CompiledModel): string | undefined => {
  const { runs } = model;
  const changed = changedSet(model);
  if (changed !== undefined || runs.type !== "embedded" || runs.file === undefined) return changed;
  const read = readFile(model, runs.file);
  return "refused" in read ? read.refused : undefined;
};

/** Lists the models of a configuration that do not run, each with the reason. It does not read files in the bucket. */
export const refusedModels = (config: TidemarkConfig): string[] => {
  const models = [...createTenants(config).values()].flatMap((tenant) => tenant.models);
  const reasons = models.flatMap((model) => {
    const reason = reasonOf(model);
    return reason === undefined ? [] : [`Model ${modelTitle(model)} does not run: ${reason}`];
  });
  // Sites can share a model.
  return [...new Set(reasons)];
};
