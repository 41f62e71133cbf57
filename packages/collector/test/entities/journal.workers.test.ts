import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { apply, eventsOf, nextSite, partition, pushOf } from "../workers/sales.ts";

it("a partition continues the journal of a version without a log", async () => {
  const site = nextSite();
  await runInDurableObject(partition(site), (_, { storage }) => {
    storage.sql.exec(
      "CREATE TABLE journal (position INTEGER PRIMARY KEY, consumed INTEGER, is_cut INTEGER, is_deflated INTEGER, received BLOB)",
    );
  });
  await apply(site, "one", pushOf(1, ["sku"]));
  await evictDurableObject(partition(site));
  await apply(site, "two", pushOf(1, ["sku"]));
  expect(await eventsOf(site, "sku")).toBe(2);
});
