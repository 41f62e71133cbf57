import type { Hono } from "hono";
import type { TenantLookup } from "../access/tenant-lookup.ts";
import type { TidemarkConfig } from "../config.ts";
import type { Env } from "../env.ts";
import type { Meter } from "../metrics/meter.ts";
import type { Tenants } from "../tenants.ts";

/** The parts of a deployment that routes use. */
interface Deployment {
  config: TidemarkConfig;
  tenants: Tenants;
  lookup: TenantLookup;
  meter: Meter;
}

/** Adds a group of routes to a deployment's app. */
export type RouteGroup = (app: Hono<{ Bindings: Env }>, deployment: Deployment) => void;
