import { unusedSignalBytes } from "./signals.ts";
import { measurePrograms } from "./size.ts";
import { measureWorker } from "./worker.ts";

/* Fails when a bundle exceeds its budget, or contains code that it must not have: of a signal that it does not import, for one. */
for (const { case: name, value, budget } of [...(await measurePrograms()), ...(await measureWorker())]) {
  if (value <= budget) continue;
  console.log(`${name}: ${value} bytes, budget ${budget}`);
  process.exitCode = 1;
}
const unusedBytes = await unusedSignalBytes();
if (unusedBytes > 0) {
  console.log(`signals that are not imported: ${unusedBytes} bytes, budget 0`);
  process.exitCode = 1;
}
