import { expect, it } from "vitest";
import { newSession, post, vectorOf } from "../workers/client.ts";
import { fuzzedBody, problemOf } from "./fuzzed-bodies.ts";

const BODIES = 20_000;

/** Number of bodies of one session, each of a separate tab, and number of bodies that are sent at the same time. */
const IN_SESSION = 100;
const CONNECTIONS = 8;

it(`answers ${BODIES} bodies that were changed at random without an error, and stores every valid event`, async () => {
  const first = Math.floor(Math.random() * 2 ** 31);
  const problems: string[] = [];
  let [sent, checked] = [0, 0];
  const connection = async () => {
    let session_id = newSession("blog");
    for (let count = 0; sent < BODIES; count += 1) {
      sent += 1;
      const seed = first + sent;
      if (count % IN_SESSION === 0) session_id = newSession("blog");
      const sender = { key: "tm_blog_bbbbbbbb", session_id, tab_id: `tab-${count}`.padEnd(8, "-") };
      const fuzzed = fuzzedBody(seed, sender, Date.now());
      const response = await post(fuzzed.body as Uint8Array<ArrayBuffer>);
      const problem = problemOf(fuzzed, response.status, await response.text());
      if (fuzzed.intact) checked += 1;
      if (problem) problems.push(`seed ${seed} (${fuzzed.changes.join(", ")}): ${problem}`.slice(0, 1_000));
    }
    expect((await vectorOf(session_id, "blog-read-key")).delivery).toBeDefined();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  expect(problems.slice(0, 10)).toEqual([]);
  expect(checked).toBeGreaterThan(BODIES / 4);
}, 240_000);
