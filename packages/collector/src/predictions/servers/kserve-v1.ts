import type { KserveV1Run } from "../../define-model.ts";
import { at, filledIn, predictionOf, type ServerProtocol, valueAt } from "./server-protocol.ts";

/** KServe's protocol V1: https://kserve.github.io/website/latest/modelserving/data_plane/v1_protocol/ */
export const kserveV1Protocol: ServerProtocol<KserveV1Run> = {
  request: ({ url, model, missing }, { features }) => ({
    url: at(url, `/v1/models/${encodeURIComponent(model)}:predict`),
    body: { instances: [features.map(({ value }) => filledIn(value, missing))] },
  }),

  predictionIn: (_, response) => predictionOf(valueAt(response, "predictions.0")),

  healthUrl: ({ url, model }) => at(url, `/v1/models/${encodeURIComponent(model)}`),
};
