import { tracker } from "../tracker.ts";

export const runtime = "edge";

export const GET = async () => {
  tracker.track("saved", { sku: "boots" });
  return Response.json({ session: tracker.sessionId, features: await tracker.features() });
};
