import { describe, expect, it } from "vitest";
import type { Jurisdiction } from "../src/config.ts";
import { type Env, metricsOf, rollupOf, sessionOf } from "../src/env.ts";
import { createTenants, tenantOf } from "../src/tenants.ts";

/** An object as a test names it: the namespace that it is of, and its name. */
type Named = { of: string; name: string };

/** A namespace that knows names and jurisdictions, and fails for anything else that it is asked. */
const namespace = (of: string, jurisdiction: (name: string) => unknown): unknown =>
  new Proxy(
    { getByName: (name: string): Named => ({ of, name }), jurisdiction },
    {
      get(target, property) {
        if (!Object.hasOwn(target, property)) throw new Error(`the namespace ${of} was asked for ${String(property)}`);
        return target[property as keyof typeof target];
      },
    },
  );

const forbidden = () => {
  throw new Error("jurisdiction() was called");
};

const envWith = (jurisdiction: (name: string, binding: string) => unknown): Env =>
  Object.fromEntries(
    ["SESSION", "ROLLUP", "METRICS"].map((binding) => [
      binding,
      namespace(binding, (name) => jurisdiction(name, binding)),
    ]),
  ) as unknown as Env;

/** Bindings of a platform that has jurisdictions. */
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
  rollupOf(env, tenant(jurisdiction), 3),
];

describe("an object of a site", () => {
  it("has a name with the site in it", () => {
    expect(namedIn(platform)).toEqual([
      { of: "SESSION", name: "shop:shop.session-1" },
      { of: "ROLLUP", name: "shop:3" },
    ]);
  });

  it.each<Jurisdiction>(["eu", "fedramp"])("is named within the site's jurisdiction %s", (jurisdiction) => {
    expect(namedIn(platform, jurisdiction)).toEqual([
      { of: `SESSION in ${jurisdiction}`, name: "shop:shop.session-1" },
      { of: `ROLLUP in ${jurisdiction}`, name: "shop:3" },
    ]);
  });

  it("is named without asking for a jurisdiction where the site has none", () => {
    expect(() => namedIn(envWith(forbidden))).not.toThrow();
  });

  it("is named without its jurisdiction where the runtime has none", () => {
    const workerd = envWith(() => {
      throw new Error("Jurisdiction restrictions are not implemented in workerd.");
    });
    expect(namedIn(workerd, "eu")).toEqual(namedIn(platform));
  });

  it("is not named when the jurisdiction is refused for any other reason", () => {
    const refusing = envWith((name) => {
      throw new TypeError(`Invalid jurisdiction: ${name}`);
    });
    expect(() => sessionOf(refusing, tenant("eu"), "shop.session-1")).toThrow(
      new TypeError("Invalid jurisdiction: eu"),
    );
    expect(() => rollupOf(refusing, tenant("eu"), 0)).toThrow(new TypeError("Invalid jurisdiction: eu"));
  });
});

describe("the object of the figures", () => {
  it("is one, in no jurisdiction", () => {
    expect(metricsOf(envWith(forbidden))).toEqual({ of: "METRICS", name: "metrics" });
  });
});
