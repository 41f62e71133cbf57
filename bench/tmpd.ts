import { measureInputBytes } from "./input-bytes.ts";
console.table(await measureInputBytes());
