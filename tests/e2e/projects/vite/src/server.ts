import { tracker } from "./tracker.ts";

tracker.track("saved", { sku: "boots" });
await tracker.flush();
console.log(JSON.stringify({ session: tracker.sessionId, features: await tracker.features() }));
