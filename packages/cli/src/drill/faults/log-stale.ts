import type { Fault } from "../fault.ts";

/** The storage of the log cannot be written. */
export const logStale: Fault = {
  name: "log-stale",
  alert: "TidemarkLogStale",
  metric: "max(tidemark_log_age_seconds) > 10",
  lastsSeconds: 1_200,
  async begin({ server }) {
    server.isStorageUp = false;
    return async () => {
      server.isStorageUp = true;
    };
  },
};
