import { describe, expect, it } from "vitest";
import {
  accept,
  batch,
  batchFor,
  custom,
  errorOf,
  newSession,
  readRollup,
  rollupVectorOf,
  vectorOf,
} from "./workers/client.ts";
import { tenant } from "./workers/worker.ts";

const story = (seq: number, author: string) => ({ ...custom(seq), properties: { author } });

describe("a site with custom features and a jurisdiction", () => {
  it("serves only these features in its sessions' vectors", async () => {
    const session_id = newSession("news");
    await accept(batchFor("news", [story(0, "ada"), story(1, "ada")], { session_id }));
    const { features, definition_version } = await vectorOf(session_id, "news-read-key");
    expect(features).toEqual({ stories: 2 });
    expect(definition_version).toBe(tenant("news").definitions.version);
  });

  it("does not affect the features of other sites, which have another version", async () => {
    const session_id = newSession("shop");
    await accept(batch([custom(0)], { session_id }));
    const { features, definition_version } = await vectorOf(session_id);
    expect(features.custom_event_count).toBe(1);
    expect(features).not.toHaveProperty("stories");
    expect(definition_version).not.toBe(tenant("news").definitions.version);
  });

  it("serves its custom entities, which other sites do not have", async () => {
    const author = `author-${crypto.randomUUID()}`;
    await accept(batchFor("news", [story(0, author), story(1, author), story(2, author)]));
    await expect
      .poll(async () => (await rollupVectorOf("author", author, "news-read-key"))?.features, { timeout: 20_000 })
      .toEqual({ author_stories: 3 });
    const [status, code, message] = await errorOf(await readRollup("author", author, "shop-read-key"));
    expect([status, code]).toEqual([404, "not_found"]);
    expect(message).toContain('No feature is defined for "author"');
  });
});
