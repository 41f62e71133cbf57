import { CONTRACT_VERSION } from "@tidemark/schema/limits";
import { versionOf } from "../../definition-version.ts";
import type { RouteGroup } from "../route-group.ts";

/**
 * `GET /healthz`: shows that the Worker runs, without a call to a Durable Object. The version is that of the
 * deployment's features.
 */
export const healthRoutes: RouteGroup = (app, { config }) => {
  const health = { status: "ok", contract_version: CONTRACT_VERSION, definition_version: versionOf(config.features) };
  app.get("/healthz", (c) => c.json(health));
};
