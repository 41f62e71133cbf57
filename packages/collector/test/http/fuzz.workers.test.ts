import { expect, it } from "vitest";
import { newSession, post, vectorOf } from "../workers/client.ts";
import { fuzz } from "./fuzz.ts";

const BODIES = 20_000;

it(`answers ${BODIES} bodies that were changed at random without an error, and stores every valid event`, async () => {
  const { problems, checked } = await fuzz(
    {
      key: "tm_blog_bbbbbbbb",
      newSession: () => newSession("blog"),
      async post(body) {
        const response = await post(body);
        return { status: response.status, text: await response.text() };
      },
      receivedIn: async (session_id) => (await vectorOf(session_id, "blog-read-key")).delivery.received,
    },
    BODIES,
  );
  expect(problems.slice(0, 10)).toEqual([]);
  expect(checked).toBeGreaterThan(BODIES / 4);
}, 240_000);
