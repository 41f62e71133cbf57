import { CONTRACT_VERSION } from "@tidemark/schema/limits";
import { versionOf } from "../../definition-version.ts";
import type { RouteGroup } from "../route.ts";

/**
 * `GET /healthz`: shows that the Worker runs, without a call to a Durable Object. The version is that of the
 * deployment's features.
 */
export const healthRoutes: RouteGroup<"GET /healthz"> = ({ config }) => {
  const health = { status: "ok", contract_version: CONTRACT_VERSION, definition_version: versionOf(config.features) };
  return { "GET /healthz": (c) => c.json(health) };
};
