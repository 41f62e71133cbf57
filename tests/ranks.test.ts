import { globSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type Import, importsIn } from "./imports.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const importsOf = (name: string): Import[] => importsIn(`packages/${name}/src/**/*.{ts,tsx}`);

/**
 * The rooms of each package by rank, the lowest first. A room is a folder or a file in `src`. It imports only rooms of
 * lower ranks, and none of the same rank.
 */
const RANKS: Record<string, string[][]> = {
  schema: [
    ["json", "keys", "limits", "signals"],
    ["consent", "fields", "traffic"],
    ["responses"],
    ["events", "sdk-report", "view"],
    ["batch", "bulk-read", "context", "features", "page-read", "prediction-read"],
    ["derive", "log"],
    ["index"],
  ],
  sdk: [
    ["platform", "version"],
    ["self-report"],
    ["guard", "json", "measures"],
    ["warn-once"],
    ["sensors", "storage"],
    ["events", "identity", "web-vitals"],
    ["delivery", "signals"],
    ["reactions"],
    ["enrichments", "options"],
    ["tracker"],
    ["inspector", "react"],
    ["index"],
    ["script-tag", "server"],
    ["development"],
  ],
  engine: [
    [
      "cells",
      "displayed",
      "exact",
      "expression",
      "hash",
      "lateness",
      "limits",
      "motion",
      "pane-layout",
      "touches",
      "view-values",
    ],
    ["bounds", "event-context", "fed-ids", "text", "view-key"],
    ["field", "measured"],
    ["aggregates", "condition", "entity", "growth"],
    ["check-definitions", "panes"],
    ["accumulator"],
    ["engine"],
    ["entity-engine", "logged-event", "next-true"],
    ["as-of", "replay"],
    ["sql"],
    ["index"],
  ],
  collector: [
    ["settings"],
    [
      "abbreviated",
      "alert-receiver",
      "define-model",
      "define-reaction",
      "define-sink",
      "definition-version",
      "errors",
      "group-commit",
      "page-text",
      "release",
      "selected",
      "version",
      "within-time",
    ],
    ["alarm", "check-models", "compile-features", "compile-goals"],
    ["check-reactions", "reactions"],
    ["config"],
    ["tenants"],
    ["env"],
    ["access", "metrics", "models", "records", "wire"],
    ["entities", "log", "predictions", "served-vector", "webhooks"],
    ["target-response"],
    ["otlp"],
    ["partition", "sinks"],
    ["egress", "session"],
    ["ingest", "rebuild", "refused-models", "serving"],
    ["monitor"],
    ["agents", "alert-rules", "schedule"],
    ["http"],
    ["index"],
  ],
  cli: [
    ["command-line", "process-group", "temporary-folder", "visits", "warehouse"],
    ["browser", "deployment"],
    ["local-stack"],
    ["log", "smoke-test"],
    ["alerts", "drill", "feast", "models", "reactions", "sinks"],
    ["commands"],
    ["tidemark"],
    ["main"],
  ],
};

/** Type-only imports of the same or a higher rank that are allowed, each with the reason. */
const TYPE_ONLY: Record<string, string> = {
  "collector/env -> metrics": "the class of a Durable Object provides the types of its methods",
  "collector/alert-receiver -> monitor":
    "a receiver returns a notifier, and selects severities, as the monitor states them",
  "collector/env -> egress": "the class of a Durable Object provides the types of its methods",
  "collector/env -> entities": "the class of a Durable Object provides the types of its methods",
  "collector/env -> log": "the class of a Durable Object provides the types of its methods",
  "collector/env -> partition": "the class of a Durable Object provides the types of its methods",
  "collector/env -> schedule": "the class of a Durable Object provides the types of its methods",
  "collector/env -> session": "the class of a Durable Object provides the types of its methods",
};

/** The allowed imports of other packages, as `package` or `package (types)`. */
const FOREIGN: Record<string, string[]> = {
  schema: ["zod"],
  engine: [
    "@tidemark/schema (types)",
    "@tidemark/schema/derivation-order",
    "@tidemark/schema/entities",
    "@tidemark/schema/event-fields",
    "@tidemark/schema/log",
    "@tidemark/schema/signals",
  ],
};

const roomOf = (name: string, path: string): string =>
  (path.slice(`packages/${name}/src/`.length).split("/")[0] ?? "").replace(/\.tsx?$/, "");

const foreignImports = (name: string): Import[] => importsOf(name).filter(({ target }) => target === undefined);

describe.each(Object.entries(RANKS))("the rooms of %s", (name, ranks) => {
  const rankOf = new Map(ranks.flatMap((rooms, rank) => rooms.map((room) => [room, rank] as const)));
  const crossing = importsOf(name)
    .flatMap(({ target, ...each }) => (target === undefined ? [] : [{ ...each, target }]))
    .map(({ from, specifier, target, typeOnly }) => {
      const [room, other] = [roomOf(name, from), roomOf(name, target)];
      return { from, specifier, room, other, isAllowed: typeOnly && `${name}/${room} -> ${other}` in TYPE_ONLY };
    })
    .filter(({ room, other }) => room !== other);

  it("each have one rank", () => {
    const rooms = globSync(`packages/${name}/src/*`, { cwd: ROOT }).map((path) => roomOf(name, path));
    expect([...new Set(rooms)].sort()).toEqual([...rankOf.keys()].sort());
  });

  it("import only rooms of lower ranks", () => {
    expect(crossing.length).toBeGreaterThan(10);
    const wrong = crossing.filter(({ room, other }) => (rankOf.get(other) ?? 0) >= (rankOf.get(room) ?? 0));
    expect(
      wrong.filter(({ isAllowed }) => !isAllowed).map(({ from, specifier }) => `${from} imports ${specifier}`),
    ).toEqual([]);
  });
});

describe("imports of other packages", () => {
  it.each(Object.entries(FOREIGN))("%s imports only the listed packages", (name, allowed) => {
    const used = foreignImports(name).map(({ specifier, typeOnly }) =>
      allowed.includes(specifier) || !typeOnly ? specifier : `${specifier} (types)`,
    );
    expect([...new Set(used)].filter((each) => !allowed.includes(each))).toEqual([]);
  });

  it("sdk imports only types and constants of schema; web-vitals in the module that builds replace, and its types", () => {
    const allowed = ({ specifier, typeOnly, from }: Import) =>
      ["@tidemark/schema/keys", "@tidemark/schema/limits"].includes(specifier) ||
      (["@tidemark/schema", "web-vitals"].includes(specifier) && typeOnly) ||
      (specifier === "web-vitals" && from.endsWith("/web-vitals/library.ts"));
    const beyond = foreignImports("sdk").filter((each) => !allowed(each));
    expect(beyond.filter(({ from }) => roomOf("sdk", from) !== "react")).toEqual([]);
  });

  it("only the hooks import React, and no other room imports the hooks", () => {
    const [hooks, others] = [
      importsOf("sdk").filter(({ from }) => roomOf("sdk", from) === "react"),
      importsOf("sdk").filter(({ from }) => roomOf("sdk", from) !== "react"),
    ];
    expect(hooks.filter(({ specifier }) => !specifier.startsWith(".") && specifier !== "react")).toEqual([]);
    expect(others.filter(({ specifier }) => /\/react\//.test(specifier))).toEqual([]);
  });

  it("cli imports the engine and parts of collector and schema, and two large packages in one file each", () => {
    const allowed = ({ specifier, typeOnly }: Import) =>
      [
        "@tidemark/collector/alert-rules",
        "@tidemark/collector/config",
        "@tidemark/collector/definition-version",
        "@tidemark/collector/rebuild",
        "@tidemark/collector/refused-models",
        "@tidemark/engine",
        "@tidemark/engine/sql",
        "@tidemark/schema/derivation-order",
        "@tidemark/schema/entities",
        "@tidemark/schema/event-fields",
        "@tidemark/schema/feature-store-names",
        "@tidemark/schema/limits",
        "@tidemark/schema/log",
        "@tidemark/schema/value-kind",
        "get-port",
        "sirv",
      ].includes(specifier) ||
      specifier.startsWith("node:") ||
      (["@duckdb/node-api", "@tidemark/schema", "wrangler"].includes(specifier) && typeOnly);
    const beyond = foreignImports("cli").filter((each) => !allowed(each));
    expect(beyond.map(({ from, specifier }) => `${from} imports ${specifier}`).toSorted()).toEqual([
      "packages/cli/src/browser/chromium.ts imports playwright-core",
      "packages/cli/src/log/database.ts imports @duckdb/node-api",
    ]);
  });

  it("only the Durable Objects and the socket to Kafka import the Workers runtime", () => {
    const users = foreignImports("collector").filter(({ specifier }) => specifier.startsWith("cloudflare:"));
    expect(users.map(({ from }) => from).sort()).toEqual([
      "packages/collector/src/egress/egress.ts",
      "packages/collector/src/entities/entity-shard.ts",
      "packages/collector/src/log/log-writer.ts",
      "packages/collector/src/metrics/metrics.ts",
      "packages/collector/src/partition/partition.ts",
      "packages/collector/src/schedule/schedule.ts",
      "packages/collector/src/session/session.ts",
      "packages/collector/src/sinks/kafka/worker-socket.ts",
    ]);
  });
});
