import { CONTRACT_VERSION } from "@tidemark/schema/limits";
import { Hono } from "hono";

/** `GET /healthz`: the Worker runs. It asks nothing of any session. */
export const healthRoutes = (definitionVersion: string) =>
  new Hono().get("/healthz", (c) =>
    c.json({ status: "ok", contract_version: CONTRACT_VERSION, definition_version: definitionVersion }),
  );
