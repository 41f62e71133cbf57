import type { Fault } from "../fault.ts";

/** The target of a sink accepts records, but fewer than arrive. */
export const sinkLagging: Fault = {
  name: "sink-lagging",
  alert: "TidemarkSinkLagging",
  // Records of a quiet site wait for up to 10 s.
  metric: "max(tidemark_sink_lag_seconds) > 10",
  lastsSeconds: 300,
  async begin({ server }) {
    server.sink = "slow";
    return async () => {
      server.sink = "up";
    };
  },
};
