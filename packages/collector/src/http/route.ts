import type { Context } from "hono";
import type { PathOf, RouteName, routeAccess } from "../access/route-access.ts";
import type { TidemarkConfig } from "../config.ts";
import type { Env } from "../env.ts";
import type { Meter } from "../metrics/meter.ts";
import type { RecordLog } from "../serving/record-log.ts";
import type { Tenant, Tenants } from "../tenants.ts";

/** The parts of a deployment that routes use. */
export interface Deployment {
  config: TidemarkConfig;
  tenants: Tenants;
  meter: Meter;
  records: RecordLog;
}

/** A request to one of the paths. */
export type RouteContext<Path extends string = string> = Context<{ Bindings: Env }, Path>;

/** The result of the check of a request, by the caller that its route accepts. */
export interface Grants {
  anyone: undefined;
  /**
   * Returns the site of a public key, which may be in the body. @throws HttpError `unknown_key`, or `origin_not_allowed`
   * for a page of another site.
   */
  page: (key: string) => Tenant;
  /** The site of the read key. */
  server: Tenant;
  /** The grant of a server for a request with `Authorization`, or else the grant of a page. */
  reader: Tenant | ((key: string) => Tenant);
  operator: undefined;
}

/** Responds to the requests of a route that passed its check. */
type Handler<R extends RouteName> = (
  c: RouteContext<PathOf<R>>,
  grant: Grants[(typeof routeAccess)[R]["caller"]],
) => Response | Promise<Response>;

/** The handlers of some routes. */
export type Handlers<R extends RouteName = RouteName> = { [Route in R]: Handler<Route> };

/** Creates the handlers of a group of routes for a deployment. */
export type RouteGroup<R extends RouteName> = (deployment: Deployment) => Handlers<R>;
