import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { createApp } from "../../src/http/app.ts";

it("documents every route in docs/http.md", () => {
  const docs = readFileSync(`${import.meta.dirname}/../../../../docs/http.md`, "utf8");
  const documented = [...docs.matchAll(/^\| `([A-Z]+) (\/[^`?]*)/gm)].map(([, method, path]) => `${method} ${path}`);
  const { routes } = createApp({ sites: [], adminKeySecret: "ADMIN_KEY", features: [] }, new Map());
  const served = routes
    .filter(({ method }) => ["GET", "POST", "PUT", "PATCH", "DELETE"].includes(method))
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)(\{[^}]*\})?/g, "{$1}")}`);
  expect(served.length).toBeGreaterThan(4);
  expect(served.filter((route) => !documented.includes(route))).toEqual([]);
});
