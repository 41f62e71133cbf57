import { globSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

interface Import {
  from: string;
  what: string;
  typeOnly: boolean;
}

const importsIn = (folder: string): Import[] =>
  globSync(`${folder}/**/*.ts`, { cwd: ROOT }).flatMap((from) =>
    [...readFileSync(`${ROOT}${from}`, "utf8").matchAll(/^(?:import|export)\b([^;]*?)\bfrom "([^"]+)"/gms)].map(
      ([, clause = "", what = ""]) => ({ from, what, typeOnly: /^\s+type\b/.test(clause) }),
    ),
  );

/** The imports of other packages, as `file: package`. */
const foreign = (folder: string, allowed: (each: Import) => boolean) =>
  importsIn(folder)
    .filter(({ what }) => !what.startsWith("."))
    .filter((each) => !allowed(each))
    .map(({ from, what }) => `${from}: ${what}`);

describe("imports point one way", () => {
  it("finds the imports at all", () => {
    expect(importsIn("packages/sdk/src").length).toBeGreaterThan(50);
    expect(importsIn("packages/collector/src").length).toBeGreaterThan(50);
  });

  it("schema knows nobody but zod", () => {
    expect(foreign("packages/schema/src", ({ what }) => what === "zod")).toEqual([]);
  });

  it("sdk takes types and plain constants of schema, and two small libraries", () => {
    const allowed = ({ what, typeOnly }: Import) =>
      ["@tidemark/schema/limits", "idb-keyval", "web-vitals"].includes(what) ||
      (what === "@tidemark/schema" && typeOnly);
    const beyond = foreign("packages/sdk/src", allowed);
    expect(beyond.filter((each) => !each.startsWith("packages/sdk/src/react/"))).toEqual([]);
  });

  it("only the hooks know React, and nothing else knows the hooks", () => {
    expect(foreign("packages/sdk/src/react", ({ what }) => what === "react")).toEqual([]);
    const outside = importsIn("packages/sdk/src").filter(({ from }) => !from.startsWith("packages/sdk/src/react/"));
    expect(outside.filter(({ what }) => /\/react\//.test(what))).toEqual([]);
  });

  it("signals know nothing of delivery and identity", () => {
    const within = [...importsIn("packages/sdk/src/signals"), ...importsIn("packages/sdk/src/details")];
    expect(within.filter(({ what }) => /\/(delivery|identity)\//.test(what))).toEqual([]);
  });

  it("the engine is pure: types of schema, how definitions hang together, and its own files", () => {
    const allowed = ({ what, typeOnly }: Import) =>
      what === "@tidemark/schema/derivation" || (what === "@tidemark/schema" && typeOnly);
    expect(foreign("packages/collector/src/engine", allowed)).toEqual([]);
    const engine = "packages/collector/src/engine/";
    const outside = importsIn(engine)
      .filter(({ what }) => what.startsWith("."))
      .filter(({ from, what }) => !posix.join(from, "..", what).startsWith(engine));
    expect(outside).toEqual([]);
  });

  it("only the Durable Objects import the Workers runtime", () => {
    const users = importsIn("packages/collector/src").filter(({ what }) => what.startsWith("cloudflare:"));
    expect(users.map(({ from }) => from).sort()).toEqual([
      "packages/collector/src/metrics/metrics.ts",
      "packages/collector/src/rollup/rollup.ts",
      "packages/collector/src/session/session.ts",
    ]);
  });
});
