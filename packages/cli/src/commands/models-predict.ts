import { defineCommand } from "../command-line/command.ts";
import { UsageError } from "../command-line/command-error.ts";
import { openDeployment } from "../deployment/deployment.ts";
import { findReader } from "../log/collector-address.ts";
import { readFlags, siteFor } from "../log/log-flags.ts";
import { predict } from "../models/model-client.ts";

/** `tidemark models predict`. */
export const modelsPredict = defineCommand({
  name: "tidemark models predict",
  summary: "Predicts for one entity with the version of a model that answers for it.",
  positionals: {
    placeholder: "<model> <entity> <id>",
    description: "The model, the kind of its entity, such as session or user, and the entity's id.",
  },
  flags: { ...readFlags, json: { description: "Prints the collector's response as a JSON object." } },
  examples: [["tidemark models predict purchase user u-17", "Predicts for the user u-17."]],
  async run({ url, site: siteId, json = false }, positionals) {
    const [model, entity, id] = positionals;
    if (model === undefined || entity === undefined || id === undefined || positionals.length > 3)
      throw new UsageError(
        `tidemark models predict expects a model, an entity and an id; given ${positionals.length} arguments.`,
      );
    const deployment = await openDeployment();
    const site = siteFor(deployment, siteId);
    const prediction = await predict(await findReader(deployment, url, site.readKeySecret), { model, entity, id });
    if (json) {
      console.log(JSON.stringify(prediction));
      return 0;
    }
    const { version, value, fallback, latency_ms, age_ms } = prediction;
    console.log(
      `${value} by version ${version} of ${model} in ${latency_ms} ms, from features whose latest event is ${age_ms} ms old.`,
    );
    if (fallback !== null) console.log(`It is the fallback of the model: ${fallback}.`);
    return 0;
  },
});
