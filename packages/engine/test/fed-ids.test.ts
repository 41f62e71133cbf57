import { describe, expect, it } from "vitest";
import { type FedIds, feeds } from "../src/fed-ids.ts";

const ids = (length: number) => Array.from({ length }, (_, index) => `id ${index}`);

describe("feeds", () => {
  it.each([
    ["user", 8],
    ["page", 200],
    ["product", 200],
    ["constructor", 200],
  ])("is true for the first ids of %s, at most %i, and for these ever after", (entity, most) => {
    const fed: FedIds = {};
    const answers = ids(300).map((id) => feeds(fed, entity, id));
    expect(answers).toEqual(ids(300).map((_, index) => index < most));
    expect(ids(300).map((id) => feeds(fed, entity, id))).toEqual(answers);
  });

  it("counts each entity by itself", () => {
    const fed: FedIds = {};
    for (const id of ids(300)) feeds(fed, "page", id);
    expect(feeds(fed, "product", "id 250")).toBe(true);
  });

  it("is true for each session, and records none", () => {
    const fed: FedIds = {};
    expect(ids(300).every((id) => feeds(fed, "session", id))).toBe(true);
    expect(fed).toEqual({});
  });
});
