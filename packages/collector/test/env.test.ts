import { describe, expect, it } from "vitest";
import type { Jurisdiction } from "../src/config.ts";
import {
  allMetrics,
  type Env,
  egressOf,
  entityShardOf,
  logKeeperOf,
  metricsOf,
  partitionOf,
  sessionOf,
} from "../src/env.ts";
import { createTenants, tenantOf } from "../src/tenants.ts";

/** A stub in these tests: its namespace and its name. */
type Named = { of: string; name: string };

/** A namespace with `getByName` and `jurisdiction` only. Any other access throws. */
const namespace = (of: string, jurisdiction: (name: string) => unknown): unknown =>
  new Proxy(
    { getByName: (name: string): Named => ({ of, name }), jurisdiction },
    {
      get(target, property) {
        if (!Object.hasOwn(target, property))
          throw new Error(`unexpected access to ${String(property)} of the namespace ${of}`);
        return target[property as keyof typeof target];
      },
    },
  );

const forbidden = () => {
  throw new Error("jurisdiction() was called");
};

const envWith = (jurisdiction: (name: string, binding: string) => unknown): Env =>
  Object.fromEntries(
    ["SESSION", "PARTITION", "ENTITY_SHARD", "LOG_WRITER", "SCHEDULE", "EGRESS", "METRICS"].map((binding) => [
      binding,
      namespace(binding, (name) => jurisdiction(name, binding)),
    ]),
  ) as unknown as Env;

/** Bindings of a platform with jurisdictions. */
const platform = envWith((name, binding) => namespace(`${binding} in ${name}`, forbidden));

const tenant = (jurisdiction?: Jurisdiction) =>
  tenantOf(
    createTenants({
      sites: [
        {
          id: "shop",
          key: "tm_shop_aaaaaaaa",
          origins: ["https://shop.example"],
          readKeySecret: "READ_KEY",
          ...(jurisdiction && { jurisdiction }),
        },
      ],
      adminKeySecret: "ADMIN_KEY",
      features: [],
    }),
    "shop",
  );

const namedIn = (env: Env, jurisdiction?: Jurisdiction) => [
  sessionOf(env, tenant(jurisdiction), "shop.session-1"),
  partitionOf(env, tenant(jurisdiction), 3),
  entityShardOf(env, tenant(jurisdiction), 7),
  logKeeperOf(env, "shop", tenant(jurisdiction).jurisdiction),
  egressOf(env, tenant(jurisdiction), "orders", 2),
];

describe("an object of a site", () => {
  it("has a name that contains the site", () => {
    expect(namedIn(platform)).toEqual([
      { of: "SESSION", name: "shop:shop.session-1" },
      { of: "PARTITION", name: "shop:3" },
      { of: "ENTITY_SHARD", name: "shop:7" },
      { of: "LOG_WRITER", name: "shop:keeper" },
      { of: "EGRESS", name: "shop:orders:2" },
    ]);
  });

  it.each<Jurisdiction>(["eu", "fedramp"])("is in the site's jurisdiction %s", (jurisdiction) => {
    expect(namedIn(platform, jurisdiction)).toEqual([
      { of: `SESSION in ${jurisdiction}`, name: "shop:shop.session-1" },
      { of: `PARTITION in ${jurisdiction}`, name: "shop:3" },
      { of: `ENTITY_SHARD in ${jurisdiction}`, name: "shop:7" },
      { of: `LOG_WRITER in ${jurisdiction}`, name: "shop:keeper" },
      { of: `EGRESS in ${jurisdiction}`, name: "shop:orders:2" },
    ]);
  });

  it("is in no jurisdiction if the site has none", () => {
    expect(() => namedIn(envWith(forbidden))).not.toThrow();
  });

  it("is in no jurisdiction if the runtime does not support them", () => {
    const workerd = envWith(() => {
      throw new Error("Jurisdiction restrictions are not implemented in workerd.");
    });
    expect(namedIn(workerd, "eu")).toEqual(namedIn(platform));
  });

  it("cannot be reached if the runtime rejects the jurisdiction for another reason", () => {
    const throwing = envWith((name) => {
      throw new TypeError(`Invalid jurisdiction: ${name}`);
    });
    expect(() => sessionOf(throwing, tenant("eu"), "shop.session-1")).toThrow(
      new TypeError("Invalid jurisdiction: eu"),
    );
    expect(() => partitionOf(throwing, tenant("eu"), 0)).toThrow(new TypeError("Invalid jurisdiction: eu"));
  });
});

describe("the objects of the metrics", () => {
  it("are eight objects in no jurisdiction", () => {
    const names = allMetrics(envWith(forbidden)).map((stub) => (stub as unknown as Named).name);
    expect(names).toEqual(["metrics", ...Array.from({ length: 7 }, (_, index) => `metrics ${index + 1}`)]);
  });

  it("include the one that an isolate always uses", () => {
    const env = envWith(forbidden);
    expect(allMetrics(env)).toContainEqual(metricsOf(env));
    expect(metricsOf(env)).toEqual(metricsOf(env));
  });
});
