import { z } from "zod";
import { pageText } from "../../page-text.ts";
import { predictOne } from "../../serving/predictions.ts";
import { entity, id } from "../arguments.ts";
import { defineTool } from "../tool.ts";

/** The tool that predicts for an entity. */
export const predict = defineTool({
  name: "predict",
  title: "Predict",
  description:
    "Returns a model's prediction for an entity, from its features at this moment, with the version that answered. fallback is null for the model's own prediction, and otherwise the reason for a substitute value.",
  input: z.strictObject({ model: z.string().min(1).describe("Name of a model, from list_models."), entity, id }),
  async run(reader, { model, entity, id }) {
    const prediction = await predictOne(reader, model, { entity, id });
    return { ...prediction, id: pageText(prediction.id) };
  },
});
