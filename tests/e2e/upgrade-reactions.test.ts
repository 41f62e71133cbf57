import { readdir } from "node:fs/promises";
import type { BatchResponse } from "@tidemark/schema";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type MixedReleases, mixReleases, OBJECTS, type Placement, type Release } from "./mixed-releases.ts";

const RECORDED = new URL("releases/", import.meta.url);
const CURRENT = new URL("projects/releases/reacting-worker.ts", import.meta.url);

const SECRETS = { TIDEMARK_READ_KEY: "read-key", TIDEMARK_ADMIN_KEY: "admin-key" };

/** A port at which nobody listens. */
const NO_RECEIVER = 9;

const all = (release: Release): Placement => ({
  main: release,
  ...(Object.fromEntries(OBJECTS.map((name) => [name, release])) as Record<(typeof OBJECTS)[number], Release>),
});

let releases: MixedReleases;
beforeAll(async () => {
  const earlier = (await readdir(RECORDED)).sort().at(-1) as string;
  releases = await mixReleases(new URL(earlier, RECORDED), CURRENT, SECRETS, NO_RECEIVER);
});
afterAll(() => releases?.remove());

let seq = 0;

const send = async (more: object = {}): Promise<{ status: number; body: BatchResponse }> => {
  const now = Date.now();
  const batch = {
    ...{ v: 1, key: "tm_shop_aaaaaaaa", sent_at: now, session_id: "shop.session-reacting" },
    ...{ anonymous_id: "browser-1", tab_id: "tab-00001", sdk: "test/1", ...more, views: [] },
    events: [{ type: "custom", seq, time: now, name: "step" }],
  };
  const response = await fetch(`${releases.origin}/v1/events`, { method: "POST", body: JSON.stringify(batch) });
  if (response.ok) seq += 1;
  return { status: response.status, body: (await response.json()) as BatchResponse };
};

const read = async (path: string): Promise<string> => {
  const response = await fetch(`${releases.origin}${path}`, { headers: { authorization: "Bearer read-key" } });
  return response.text();
};

const idsIn = ({ reactions = [] }: BatchResponse) => reactions.map(({ name, id }) => `${name} ${id}`);

/** The fields of a page that takes reactions. The earlier release knows none of them. */
const asking = { session_secret: "1111111111-2222222222-3333333333-4444444444", reactions_received: [] as string[] };

it("keeps reactions and activity of a session while an earlier release has it, and takes both forms of batches", async () => {
  await releases.place(all("current"));
  await send(asking);
  const fired = idsIn((await send(asking)).body);
  expect(fired).toEqual([expect.stringMatching(/^once /)]);

  await releases.place(all("earlier"));
  // A page of the current release meets an earlier collector, and sends the batch again without the new fields.
  expect((await send(asking)).status).toBe(400);
  expect(await send()).toMatchObject({ status: 200, body: { accepted: 1 } });

  // The parts of the collector are of different releases during a rollout.
  await releases.place({ ...all("earlier"), main: "current" });
  expect(await send(asking)).toMatchObject({ status: 200, body: { accepted: 1, rejected: [] } });
  await releases.place({ ...all("current"), main: "earlier" });
  expect(await send()).toMatchObject({ status: 200, body: { accepted: 1, rejected: [] } });

  await releases.place(all("current"));
  const { body } = await send(asking);
  expect(idsIn(body)).toEqual([...fired, expect.stringMatching(/^later /)]);
  expect(await read("/v1/context/session/shop.session-reacting")).toContain('event "step", 4 times');
  const reactions_received = idsIn(body).map((each) => each.split(" ")[1] ?? "");
  expect((await send({ ...asking, reactions_received })).body).not.toHaveProperty("reactions");
  expect((await send(asking)).body).not.toHaveProperty("reactions");
}, 120_000);
