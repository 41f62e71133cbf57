import type { View } from "@tidemark/schema";
import { expect, it } from "vitest";
import { viewsById } from "../../src/records/views.ts";

const view = (number: number, url: string): View => ({ view_id: `view${number}`, started_at: 0, url });

it("derives the path of a page view from its URL, for any number and order of page views", () => {
  const numbers = Array.from({ length: 700 }, (_, index) => index);
  for (const all of [numbers, numbers.toReversed(), numbers]) {
    const viewOf = viewsById(all.map((number) => view(number, `https://shop.example/${number}?page=${number}`)));
    expect(all.map((number) => viewOf(`view${number}`)?.path)).toEqual(all.map((number) => `/${number}`));
  }
});

it("keeps a given path, and derives an empty one from an invalid URL", () => {
  const viewOf = viewsById([{ ...view(1, "https://shop.example/a"), path: "/items/:id" }, view(2, "nowhere")]);
  expect([viewOf("view1")?.path, viewOf("view2")?.path, viewOf("view3")]).toEqual(["/items/:id", "", undefined]);
});
