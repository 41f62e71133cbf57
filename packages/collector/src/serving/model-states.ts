import type { ModelsResponse } from "@tidemark/schema";
import type { Env } from "../env.ts";
import { roleOf } from "../predictions/assignment.ts";
import { loadModel } from "../predictions/embedded-models.ts";
import { changedSet } from "../predictions/model-file.ts";
import { isReady, isRemote } from "../predictions/servers/call-server.ts";
import type { CompiledModel, Tenant } from "../tenants.ts";

type ModelState = ModelsResponse["models"][number];

const reasonOf = async (version: CompiledModel, env: Env): Promise<string | undefined> => {
  if (isRemote(version.runs)) return changedSet(version);
  const read = await loadModel(version, env);
  return "refused" in read ? read.refused : undefined;
};

const probabilityOf = ({ models }: Tenant, version: CompiledModel): number => {
  if (version.shadow) return 1;
  if (version.canary !== undefined) return version.canary;
  return models.reduce((rest, { name, canary = 0 }) => (name === version.name ? rest - canary : rest), 1);
};

/** The versions of all models of a site, with the reason for which one does not run. Asks the servers whether they are ready. */
export const listModels = async (env: Env, tenant: Tenant): Promise<ModelsResponse> => ({
  models: await Promise.all(
    tenant.models.map(async (model): Promise<ModelState> => {
      const [reason, ready] = await Promise.all([reasonOf(model, env), isReady(model, env)]);
      const { name, version, set, runs, when = "on_demand" } = model;
      return {
        ...{ name, version, set, runs: runs.type, when },
        ...{ role: roleOf(model), probability: probabilityOf(tenant, model) },
        ...(reason === undefined ? { state: "ready" } : { state: "refused", reason }),
        ...(ready !== undefined && { server_ready: ready }),
      };
    }),
  ),
});
