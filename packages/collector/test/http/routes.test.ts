import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { accessOf, type Caller, partsOf, routeNames } from "../../src/access/route-access.ts";
import { createApp } from "../../src/http/app.ts";

const readDocs = (page: string) => readFileSync(`${import.meta.dirname}/../../../../docs/${page}`, "utf8");

/** The path of a route, in the notation of the docs. */
const documentedPath = (path: string) => path.replaceAll(/:(\w+)(\{[^}]*\})?/g, "{$1}");

it.each(["http.md", "security.md"])("documents every route in docs/%s", (page) => {
  const docs = readDocs(page);
  const documented = [...docs.matchAll(/^\| `([A-Z]+) (\/[^`?]*)/gm)].map(([, method, path]) => `${method} ${path}`);
  const { routes } = createApp({ sites: [], adminKeySecret: "ADMIN_KEY", features: [] }, new Map());
  const served = routes
    .filter(({ method }) => ["GET", "POST", "PUT", "PATCH", "DELETE"].includes(method))
    .map(({ method, path }) => `${method} ${documentedPath(path)}`);
  expect(served.length).toBeGreaterThan(4);
  expect(served.filter((route) => !documented.includes(route))).toEqual([]);
});

it("accepts the callers in docs/security.md, and no others", () => {
  const callers: Record<Caller, string> = {
    anyone: "anyone",
    page: "a page",
    server: "a server",
    reader: "a server, or a page",
    operator: "the operator",
  };
  const documented = [...readDocs("security.md").matchAll(/^\| `([A-Z]+ \/[^`]*)` \| ([^|]+) \|/gm)];
  const served = routeNames.map((route) => {
    const [method, path] = partsOf(route);
    return [`${method} ${documentedPath(path)}`, callers[accessOf(route).caller]];
  });
  expect(documented.map(([, route, caller]) => [route, caller])).toEqual(expect.arrayContaining(served));
  expect(documented).toHaveLength(served.length);
});
