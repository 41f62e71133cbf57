import type { ContextResponse } from "@tidemark/schema";
import { expect, it } from "vitest";
import { accept, batch, custom, page, request, view } from "../workers/client.ts";

const get = (path: string, readKey = "shop-read-key") =>
  request(`/v1/context/${path}`, { headers: { authorization: `Bearer ${readKey}` } });

it("smoke", async () => {
  const body = batch([page(0), custom(1, "add_to_basket")], { views: [{ ...view, title: "A" }] });
  await accept(body);
  const response = await get(`session/${body.session_id}?set=reading`);
  console.log(await response.text());
  const json = await get(`session/${body.session_id}?set=reading&format=json`);
  console.log(JSON.stringify((await json.json()) as ContextResponse, null, 1));
  expect(response.status).toBe(200);
});
