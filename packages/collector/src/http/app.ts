import { Hono } from "hono";
import { cors } from "hono/cors";
import { routePath } from "hono/route";
import { LinearRouter } from "hono/router/linear-router";
import { createTenantLookup } from "../access/tenant-lookup.ts";
import type { TidemarkConfig } from "../config.ts";
import { type Env, metricsOf } from "../env.ts";
import { HttpError } from "../errors.ts";
import { createMeter } from "../metrics/meter.ts";
import type { Tenants } from "../tenants.ts";
import { respondToError } from "./errors.ts";
import { routes } from "./routes/index.ts";

/** The HTTP face of a deployment. */
export const createApp = (config: TidemarkConfig, tenants: Tenants) => {
  const lookup = createTenantLookup(tenants);
  // Two routes overlap, for which Hono's default would fall back to a tree. A linear search is faster for so few.
  const app = new Hono<{ Bindings: Env }>({ router: new LinearRouter() });

  // Every answer is readable by any page: who may act is decided by key and origin, and a page that may not is told why. With
  // its cookie a page gets none but an answer that names its origin.
  app.options("*", cors({ origin: "*", allowMethods: ["GET", "POST"], maxAge: 86_400 }));
  // Not by the middleware: it adds its headers by building each answer anew.
  app.use((c, next) => {
    const origin = c.req.header("origin");
    const sendsCookie = origin !== undefined && lookup.maySendCookie(origin);
    c.header("access-control-allow-origin", sendsCookie ? origin : "*");
    if (sendsCookie) {
      c.header("access-control-allow-credentials", "true");
      c.header("vary", "Origin");
    }
    return next();
  });

  const meter = createMeter();
  app.use(async (c, next) => {
    await next();
    // Paths that match no route share one label: clients may invent any number of them.
    const route = routePath(c).replace(/.*\*$/, "none");
    meter.count("tidemark_requests_total", { route, status: c.res.status }, 1);
    const flushing = meter.flush(() => metricsOf(c.env));
    if (flushing) c.executionCtx.waitUntil(flushing);
  });

  for (const add of routes) add(app, { config, lookup, meter });

  app.all("/v1/events", () => {
    throw new HttpError("method_not_allowed", "/v1/events takes POST.");
  });
  app.all("*", (c) => {
    throw new HttpError("not_found", `There is no ${c.req.method} ${c.req.path}.`);
  });

  app.onError(respondToError);
  return app;
};
