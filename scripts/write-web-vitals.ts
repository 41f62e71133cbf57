import { writeFileSync } from "node:fs";
import { WEB_VITALS, webVitalsCopy } from "./bundle/web-vitals.ts";

/* Writes the SDK's copy of web-vitals. Run it when the version of web-vitals or `names.ts` has changed. */
writeFileSync(WEB_VITALS, webVitalsCopy());
