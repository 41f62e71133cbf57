import { bytesLeftBehind } from "./signals.ts";
import { ENTRIES, here, weigh } from "./size.ts";

/*
 * Fails when a bundle weighs more than it ever may, or holds something that was not imported. The budgets, which are lower, are
 * the benchmark's: two of them are missed since the visitor's consent is asked for.
 */
for (const { case: name, entry, ceiling } of ENTRIES) {
  const bytes = await weigh(here(entry));
  if (bytes <= ceiling) continue;
  console.log(`${name}: ${bytes} bytes, at most ${ceiling} may be`);
  process.exitCode = 1;
}
const left = await bytesLeftBehind();
if (left > 0) {
  console.log(`signals that are not imported leave ${left} bytes behind`);
  process.exitCode = 1;
}
