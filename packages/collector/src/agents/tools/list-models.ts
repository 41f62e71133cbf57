import { z } from "zod";
import { listModels as statesOf } from "../../serving/model-states.ts";
import { defineTool } from "../tool.ts";

/** The tool that lists the models. */
export const listModels = defineTool({
  name: "list_models",
  title: "List models",
  description:
    "Lists the versions of the site's models: the feature set that each reads, its role and share of entities, and whether it is ready. Use predict with a model's name.",
  input: z.strictObject({}),
  run: ({ env, tenant }) => statesOf(env, tenant),
});
