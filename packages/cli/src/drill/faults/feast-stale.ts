import type { Fault } from "../fault.ts";

/** Nobody exports for Feast any more. */
export const feastStale: Fault = {
  name: "feast-stale",
  alert: "TidemarkFeastStale",
  metric: "max(tidemark_feast_export_age_seconds) > 8",
  lastsSeconds: 300,
  async begin({ exports }) {
    await exports.stop();
    return async () => exports.start();
  },
};
