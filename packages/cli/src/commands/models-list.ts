import { defineCommand } from "../command-line/command.ts";
import { formatTable } from "../command-line/table.ts";
import { openDeployment } from "../deployment/deployment.ts";
import { findReader } from "../log/collector-address.ts";
import { readFlags, siteFor } from "../log/log-flags.ts";
import { type ListedModel, listModels } from "../models/model-client.ts";

const stateText = ({ state, reason, server_ready }: ListedModel): string => {
  if (reason !== undefined) return `${state}: ${reason}`;
  return server_ready === false ? `${state}, but its server is not` : state;
};

/** `tidemark models list`. */
export const modelsList = defineCommand({
  name: "tidemark models list",
  summary: "Lists the models of a site: where they run, in which role, and why one does not load.",
  flags: { ...readFlags, json: { description: "Prints each model as a JSON object on a line of its own." } },
  examples: [["tidemark models list", "Lists the models of the collector that runs in this folder."]],
  async run({ url, site: siteId, json = false }) {
    const deployment = await openDeployment();
    const site = siteFor(deployment, siteId);
    const models = await listModels(await findReader(deployment, url, site.readKeySecret));
    if (json) for (const model of models) console.log(JSON.stringify(model));
    else if (models.length === 0)
      console.error(`Site ${site.id} has no models: add some to tidemark.config.ts (models).`);
    else
      console.log(
        formatTable(
          ["model", "version", "role", "set", "runs", "when", "state"],
          models.map((model) => [
            ...[model.name, model.version, model.role, model.set, model.runs, model.when, stateText(model)],
          ]),
        ),
      );
    return 0;
  },
});
