import { it } from "vitest";
import { proveSinks } from "./prove-sinks.ts";

/** Number of times that the runtime is killed. */
const KILLS = 60;

it(`the sinks have each acknowledged event, in order and under one id, when the runtime is killed ${KILLS} times`, async () => {
  // After a crash, the objects of partitions without further events continue within a minute.
  console.log(await proveSinks({ kills: KILLS, splitAfter: 25, within: 200_000 }));
});
