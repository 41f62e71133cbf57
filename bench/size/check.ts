import { unusedSignalBytes } from "./signals.ts";
import { measurePrograms } from "./size.ts";

/* Fails when a bundle exceeds its budget, or contains code of a signal that it does not import. */
for (const { case: name, value, budget } of await measurePrograms()) {
  if (value <= budget) continue;
  console.log(`${name}: ${value} bytes, budget ${budget}`);
  process.exitCode = 1;
}
const unusedBytes = await unusedSignalBytes();
if (unusedBytes > 0) {
  console.log(`signals that are not imported: ${unusedBytes} bytes, budget 0`);
  process.exitCode = 1;
}
