import { Hono } from "hono";
import { cors } from "hono/cors";
import { routePath } from "hono/route";
import { LinearRouter } from "hono/router/linear-router";
import { abbreviated } from "../abbreviated.ts";
import { accessOf, methodsByPath, partsOf, routeNames } from "../access/route-access.ts";
import { createTenantLookup } from "../access/tenant-lookup.ts";
import type { TidemarkConfig } from "../config.ts";
import { type Env, metricsOf, scheduleOf } from "../env.ts";
import { HttpError } from "../errors.ts";
import { meter } from "../metrics/isolate-meter.ts";
import { spans } from "../otlp/span-export.ts";
import { createRecordLog } from "../serving/record-log.ts";
import type { Tenants } from "../tenants.ts";
import { createCallerChecks } from "./check-caller.ts";
import { respondToError } from "./errors.ts";
import { readQuery } from "./query.ts";
import type { Handlers, RouteContext } from "./route.ts";
import { createHandlers } from "./routes/index.ts";

/** The paths to which a page may send a cookie. */
const cookiePaths = new Set(
  routeNames.filter((route) => accessOf(route).takesCookie).map((route) => partsOf(route)[1]),
);

/** Creates the HTTP app of a deployment. */
export const createApp = (config: TidemarkConfig, tenants: Tenants) => {
  const lookup = createTenantLookup(tenants);
  // Some routes overlap, for which Hono's default router falls back to a tree. A linear search is faster for so few
  // routes.
  const app = new Hono<{ Bindings: Env }>({ router: new LinearRouter() });

  // Any page may read every response: the key and the origin decide who may act, and a rejected page can read the
  // reason. A browser hides the response to a request with a cookie unless the response names the page's origin.
  app.options("*", cors({ origin: "*", allowMethods: ["GET", "POST"], maxAge: 86_400 }));
  // Hono's CORS middleware would copy each response to add these headers.
  app.use((c, next) => {
    const origin = c.req.header("origin");
    const sendsCookie = origin !== undefined && cookiePaths.has(c.req.path) && lookup.maySendCookie(origin);
    c.header("access-control-allow-origin", sendsCookie ? origin : "*");
    if (sendsCookie) {
      c.header("access-control-allow-credentials", "true");
      c.header("vary", "Origin");
    }
    return next();
  });

  const records = createRecordLog();
  let isAwake = [config.alerts, config.otlp, config.canary].every((part) => part === undefined);
  /** Lets the schedule evaluate the alerts, push metrics and play the canary: in a new deployment it has no alarm yet. */
  const wake = async (env: Env): Promise<void> => {
    isAwake = true;
    await scheduleOf(env)
      .wake()
      .catch((error: unknown) => {
        isAwake = false;
        console.error("the schedule could not be called; the next request calls it again", error);
      });
  };
  app.use(async (c, next) => {
    await next();
    // Paths that match no route share one label, because clients can invent any number of paths.
    const route = routePath(c).replace(/.*\*$/, "none");
    meter.count("tidemark_requests_total", { route, status: c.res.status }, 1);
    if (!isAwake) c.executionCtx.waitUntil(wake(c.env));
    const flushes = [meter.flush(() => metricsOf(c.env)), records.flush(c.env), spans.flush(config.otlp, c.env)];
    for (const flushing of flushes) if (flushing) c.executionCtx.waitUntil(flushing);
  });

  // No cache on the way may keep a vector.
  for (const path of [
    "/v1/features/*",
    "/v1/context/*",
    "/v1/entities/*",
    "/v1/predict/*",
    "/get-online-features",
    "/api/v1/feature-service/*",
    "/mcp",
  ])
    app.use(path, async (c, next) => {
      await next();
      c.header("cache-control", "no-store");
    });

  const checks = createCallerChecks(lookup, config.adminKeySecret);
  const handlers: Handlers = createHandlers({ config, tenants, meter, records });
  for (const route of routeNames) {
    const [method, path] = partsOf(route);
    const { caller, parameters } = accessOf(route);
    const check = checks[caller];
    // The type of a handler pairs each route with its context and the grant of its caller.
    const handle = handlers[route] as (c: RouteContext, grant: unknown) => Response | Promise<Response>;
    app.on(method, path, async (c) => {
      const grant = await check(c);
      if (parameters) readQuery(c, parameters);
      return handle(c, grant);
    });
  }

  for (const [path, methods] of methodsByPath)
    app.all(path, (c) => {
      c.header("allow", methods.join(", "));
      throw new HttpError("method_not_allowed", `${abbreviated(c.req.path)} accepts ${methods.join(" and ")} only.`);
    });
  app.all("*", (c) => {
    throw new HttpError("not_found", `There is no ${c.req.method} ${abbreviated(c.req.path)}.`);
  });

  app.onError(respondToError);
  return app;
};
