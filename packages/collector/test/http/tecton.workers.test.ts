import { describe, expect, it } from "vitest";
import { accept, batch, custom, errorOf, newSession, page, request } from "../workers/client.ts";

const post = (path: string, params: object, authorization = "Tecton-key shop-read-key") =>
  request(`/api/v1/feature-service/${path}`, {
    method: "POST",
    headers: { authorization },
    body: JSON.stringify({ params }),
  });

const visit = async () => {
  const body = batch([page(0), custom(1)]);
  await accept(body);
  return body.session_id;
};

const FLOAT = { type: "float64" };
const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/);

describe("POST /api/v1/feature-service/get-features", () => {
  it("serves the values of a service in its order, with the metadata that the request names", async () => {
    const joinKeyMap = { session_id: await visit() };
    const service = { workspaceName: "prod", featureServiceName: "reading_v1", joinKeyMap };
    const names = { name: "session_features.event_count", dataType: FLOAT };
    expect(await (await post("get-features", service)).json()).toEqual({
      result: { features: [2] },
      metadata: { features: [names] },
    });
    const all = { includeNames: true, includeDataTypes: true, includeEffectiveTimes: true, includeServingStatus: true };
    expect(await (await post("get-features", { ...service, metadataOptions: all })).json()).toEqual({
      result: { features: [2] },
      metadata: { features: [{ ...names, effectiveTime: TIME, status: "PRESENT" }] },
    });
  });

  it("accepts names in snake_case, and serves nulls for an unknown entity", async () => {
    const response = await post("get-features", {
      feature_service_name: "reading_v1",
      join_key_map: { session_id: newSession() },
      metadata_options: { include_serving_status: true, include_effective_times: true, include_names: false },
    });
    expect(await response.json()).toEqual({
      result: { features: [null] },
      metadata: { features: [{ dataType: FLOAT, status: "MISSING_DATA" }] },
    });
  });

  it.each([
    ["an unknown service", { featureServiceName: "no", joinKeyMap: {} }, 404, "not_found"],
    ["no service", { joinKeyMap: {} }, 400, "invalid_body"],
    ["no join keys", { featureServiceName: "reading" }, 400, "invalid_body"],
    ["a long number", { featureServiceName: "reading", joinKeyMap: { session_id: 2 ** 53 } }, 400, "invalid_body"],
    ["another join key", { featureServiceName: "reading", joinKeyMap: { user_id: "ann" } }, 400, "invalid_body"],
  ])("rejects %s", async (_, params, status, code) => {
    expect((await errorOf(await post("get-features", params))).slice(0, 2)).toEqual([status, code]);
  });

  it("rejects a wrong key of either scheme", async () => {
    for (const authorization of ["Tecton-key wrong", "Bearer wrong", "shop-read-key"])
      expect((await post("get-features", {}, authorization)).status).toBe(401);
  });
});

describe("POST /api/v1/feature-service/get-features-batch", () => {
  it("serves a list of values for each item, and a status of each", async () => {
    const session_id = await visit();
    const response = await post("get-features-batch", {
      featureServiceName: "reading_v1",
      requestData: [{ joinKeyMap: { session_id } }, { join_key_map: { session_id: newSession() } }],
      metadataOptions: { includeServingStatus: true, includeEffectiveTimes: true },
    });
    expect(await response.json()).toEqual({
      result: [{ features: [2] }, { features: [null] }],
      metadata: {
        features: [
          {
            name: "session_features.event_count",
            dataType: FLOAT,
            effectiveTime: TIME,
            status: ["PRESENT", "MISSING_DATA"],
          },
        ],
      },
    });
  });

  it.each([0, 11])("rejects %d items", async (length) => {
    const requestData = Array.from({ length }, () => ({ joinKeyMap: { session_id: newSession() } }));
    const response = await post("get-features-batch", { featureServiceName: "reading", requestData });
    expect((await errorOf(response)).slice(0, 2)).toEqual([400, "invalid_body"]);
  });
});
