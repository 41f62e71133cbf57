import { unusedSignalBytes } from "./signals.ts";
import { measurePrograms } from "./size.ts";

/* Fails when a bundle weighs more than its budget, or holds something that was not imported. */
for (const { case: name, value, budget } of await measurePrograms()) {
  if (value <= budget) continue;
  console.log(`${name}: ${value} bytes, budget ${budget}`);
  process.exitCode = 1;
}
const left = await unusedSignalBytes();
if (left > 0) {
  console.log(`signals that are not imported leave ${left} bytes behind`);
  process.exitCode = 1;
}
