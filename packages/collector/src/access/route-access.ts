/**
 * The callers that a route accepts.
 *
 * - `anyone`;
 * - `page`: a page of a site, by the site's public key and its origin;
 * - `server`: by a site's read key;
 * - `reader`: a server, or a page;
 * - `operator`: by the deployment's admin key.
 */
export type Caller = "anyone" | "page" | "server" | "reader" | "operator";

/** The rule of a route. */
export interface RouteAccess {
  caller: Caller;
  /** Whether a page may send the site's cookie. Its browser then needs credentialed CORS headers. Default: no. */
  takesCookie?: true;
  /**
   * The parameters that the query of a request may have. The app rejects another one, which would have no effect.
   * Default: the handler reads the query, if the route has one.
   */
  parameters?: readonly string[];
}

/**
 * The rule of every route, in the order in which the app tries them. A route that is not in this table does not exist,
 * and its handler has only what its rule grants.
 */
export const routeAccess = {
  "POST /v1/events": { caller: "page", takesCookie: true },
  "POST /v1/forget": { caller: "page", takesCookie: true, parameters: ["key"] },
  "GET /v1/features/session/:id": { caller: "server" },
  "POST /v1/features": { caller: "server" },
  "POST /v1/features/session/:id": { caller: "page" },
  "POST /v1/features/user/:id": { caller: "page" },
  "GET /v1/features/:entity/:id": { caller: "server" },
  "GET /v1/features/:entity/:id/stream": { caller: "server" },
  "GET /v1/follow/:id": { caller: "page" },
  "GET /v1/context/:entity/:id": { caller: "server" },
  "GET /v1/entities/:entity": { caller: "server" },
  "POST /get-online-features": { caller: "server", parameters: [] },
  "POST /api/v1/feature-service/get-features": { caller: "server", parameters: [] },
  "POST /api/v1/feature-service/get-features-batch": { caller: "server", parameters: [] },
  "GET /v1/models": { caller: "server" },
  "POST /v1/predict/:model": { caller: "server" },
  "POST /v1/predict/:model/:entity/:id": { caller: "reader" },
  "POST /mcp": { caller: "server" },
  "GET /v1/log/files": { caller: "operator", parameters: ["site", "from", "to"] },
  "GET /v1/log/files/:name{.+}": { caller: "operator", parameters: [] },
  "GET /v1/log/tail": { caller: "operator", parameters: ["site"] },
  "POST /v1/log/cut": { caller: "operator", parameters: ["site"] },
  "POST /v1/log/compact": { caller: "operator", parameters: ["site"] },
  "PUT /v1/log/compacted/:name{.+}": { caller: "operator", parameters: [] },
  "POST /v1/log/replace": { caller: "operator", parameters: ["site"] },
  "POST /v1/rebuild/begin": { caller: "operator", parameters: ["site", "shard"] },
  "POST /v1/rebuild/states": { caller: "operator", parameters: ["site"] },
  "GET /v1/sinks": { caller: "operator", parameters: ["site"] },
  "GET /v1/sinks/:sink/dead-letters": { caller: "operator", parameters: ["site"] },
  "POST /v1/sinks/:sink/pause": { caller: "operator", parameters: ["site"] },
  "POST /v1/sinks/:sink/resume": { caller: "operator", parameters: ["site"] },
  "POST /v1/sinks/:sink/replay": { caller: "operator", parameters: ["site", "from"] },
  "POST /v1/feast/exports": { caller: "operator", parameters: ["site"] },
  "GET /v1/alerts": { caller: "operator", parameters: [] },
  "POST /v1/alerts/test": { caller: "operator", parameters: [] },
  "POST /v1/alerts/silences": { caller: "operator", parameters: [] },
  "DELETE /v1/alerts/silences/:id": { caller: "operator", parameters: [] },
  "GET /metrics": { caller: "operator" },
  "GET /healthz": { caller: "anyone" },
} as const satisfies Record<`${"GET" | "POST" | "PUT" | "DELETE"} /${string}`, RouteAccess>;

/** Method and path of a route. */
export type RouteName = keyof typeof routeAccess;

/** The path of a route, in the notation of the router. */
export type PathOf<R extends RouteName> = R extends `${string} ${infer Path}` ? Path : never;

/** All routes, in the order of the table. */
export const routeNames = Object.keys(routeAccess) as RouteName[];

/** The rule of a route. */
export const accessOf = (route: RouteName): RouteAccess => routeAccess[route];

/** Splits the name of a route into its method and its path. */
export const partsOf = (route: RouteName): [method: string, path: string] => {
  const space = route.indexOf(" ");
  return [route.slice(0, space), route.slice(space + 1)];
};

/** Whether each request to `path` is one to `pattern` too. Both have the notation of the router. */
const covers = (pattern: string, path: string): boolean =>
  new RegExp(`^${pattern.replace(/:\w+(\{.+\})?/g, "[^/]+")}$`).test(path);

/** The methods of each path. */
export const methodsByPath: ReadonlyMap<string, readonly string[]> = new Map(
  routeNames.map(partsOf).map(([, path]) => {
    const routes = routeNames.map(partsOf).filter(([, pattern]) => covers(pattern, path));
    return [path, [...new Set(routes.map(([method]) => method))].toSorted()];
  }),
);
