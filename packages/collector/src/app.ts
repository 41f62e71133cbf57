import type { ErrorAnswer } from "@tidemark/schema";
import { Hono } from "hono";
import { cors } from "hono/cors";
import { routePath } from "hono/route";
import { LinearRouter } from "hono/router/linear-router";
import type { TidemarkConfig } from "./config.ts";
import type { Definitions } from "./definitions.ts";
import { Refusal } from "./door/refusal.ts";
import { createSites } from "./door/sites.ts";
import { createMeter } from "./metrics/meter.ts";
import { eventRoutes } from "./routes/events.ts";
import { featureRoutes } from "./routes/features.ts";
import { forgetRoutes } from "./routes/forget.ts";
import { healthRoutes } from "./routes/health.ts";
import { metricsRoutes } from "./routes/metrics.ts";
import { type Env, metricsOf } from "./session/address.ts";

/** Seconds after which a client may come again when an object could not be reached. */
const RETRY_AFTER_S = 1;

/** Whether an object was overloaded or could not be reached, by the marks that the runtime sets on such errors. */
const isAway = (error: object): boolean =>
  ["overloaded", "retryable", "durableObjectReset"].some((mark) => (error as Record<string, unknown>)[mark] === true);

/** What a request that failed is answered. */
const refusalOf = (error: Error): Refusal => {
  if (error instanceof Refusal) return error;
  console.error("a request failed", error);
  return isAway(error)
    ? new Refusal("unavailable", "What holds the answer could not be reached. Ask again.")
    : new Refusal("internal", "The collector failed. Nothing was stored; send it again.");
};

/** The HTTP face of a deployment. */
export const createApp = (config: TidemarkConfig, definitions: Definitions) => {
  const sites = createSites(config.sites);
  // Two routes overlap, for which Hono would fall back to a tree: going through so few one by one is quicker.
  const app = new Hono<{ Bindings: Env }>({ router: new LinearRouter() });

  // Every answer is readable by any page: who may act is decided by key and origin, and a page that may not is told why. With
  // its cookie a page gets none but an answer that names its origin.
  app.options("*", cors({ origin: "*", allowMethods: ["GET", "POST"], maxAge: 86_400 }));
  // Not by the middleware: it adds its headers by building each answer anew.
  app.use((c, next) => {
    const origin = c.req.header("origin");
    const bringsCookie = origin !== undefined && sites.mayBringCookie(origin);
    c.header("access-control-allow-origin", bringsCookie ? origin : "*");
    if (bringsCookie) {
      c.header("access-control-allow-credentials", "true");
      c.header("vary", "Origin");
    }
    return next();
  });

  const meter = createMeter();
  app.use(async (c, next) => {
    await next();
    // What no route matched is counted as one: its path is the client's invention.
    const route = routePath(c).replace(/.*\*$/, "none");
    meter.count("tidemark_requests_total", { route, status: c.res.status }, 1);
    const handingOver = meter.handOver(() => metricsOf(c.env));
    if (handingOver) c.executionCtx.waitUntil(handingOver);
  });

  app.route("/", eventRoutes(sites, meter));
  app.route("/", featureRoutes(sites, definitions));
  app.route("/", forgetRoutes(sites));
  app.route("/", healthRoutes(definitions.version));
  app.route("/", metricsRoutes(config));

  app.all("/v1/events", () => {
    throw new Refusal("method_not_allowed", "/v1/events takes POST.");
  });
  app.all("*", (c) => {
    throw new Refusal("not_found", `There is no ${c.req.method} ${c.req.path}.`);
  });

  app.onError((error, c) => {
    const refusal = refusalOf(error);
    if (refusal.code === "unavailable") {
      c.header("retry-after", String(RETRY_AFTER_S));
      c.header("access-control-expose-headers", "Retry-After");
    }
    return c.json({ error: { code: refusal.code, message: refusal.message } } satisfies ErrorAnswer, refusal.status);
  });
  return app;
};
