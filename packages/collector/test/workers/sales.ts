import { env } from "cloudflare:workers";
import type { Engine } from "@tidemark/engine";
import { entityKey, type Push } from "../../src/entities/push.ts";
import { type Env, partitionOf } from "../../src/env.ts";
import type { PushResponse, SessionSender } from "../../src/partition/partition.ts";
import { NOW, rollupVectorOf } from "./client.ts";
import { splitSites, tenant, traffic } from "./worker.ts";

const bindings = env as unknown as Env;

const product = tenant("shop").definitions.rollups.get("product")?.engine as Engine;

let sites = 0;

/** Takes a site that no other test of the file has. */
export const nextSite = (): string => {
  sites += 1;
  return `split${splitSites.length - sites}`;
};

/** The object of a site's partition. */
export const partition = (site: string, number = 0) => partitionOf(bindings, tenant(site), number);

/** Creates a push that counts one event of some products. The browser, if given, makes their rows long. */
export const pushOf = (n: number, skus: string[], browser?: string): Push => ({
  n,
  layouts: { product: product.layout },
  deltas: Object.fromEntries(
    skus.map((sku) => {
      const partial = product.emptyPartialState();
      const event = {
        type: "custom",
        name: "x",
        time: NOW,
        seq: n,
        tab_id: "tab0000001",
        properties: { sku, price: 1 },
      };
      product.foldUnchecked(partial, event as never, event as never);
      return [entityKey("product", sku), { ...partial, ...(browser && { anonymous_ids: [browser] }) }];
    }),
  ),
});

/** Sends pushes of a session to a partition of its site. */
export const apply = async (
  site: string,
  session: string,
  pushes: Push | Push[],
  { number = 0, hash = 0, to = site }: { number?: number; hash?: number; to?: string } = {},
): Promise<PushResponse> => {
  const sender: SessionSender = { id: `${site}.${session}`, began_at: NOW, hash };
  return partition(to, number).apply(site, number, sender, JSON.stringify([pushes].flat()));
};

/** Reads the number of a product's events; `undefined` for a product without any. */
export const eventsOf = async (site: string, sku: string): Promise<unknown> =>
  (await rollupVectorOf("product", sku, site.replace("split", "split-")))?.features.product_events;

/** Splits the site's first partition with the next push. */
export const splitNext = (site: string): void => {
  let hot = 1;
  traffic.isHot = (name) => name === site && hot-- > 0;
};
