import type { Fault } from "../fault.ts";

/** The target of a sink answers each request with status 503. */
export const sinkDown: Fault = {
  name: "sink-down",
  alert: "TidemarkSinkDown",
  metric: 'sum(increase(tidemark_sink_attempts_total{outcome="failed"}[5s])) > 0',
  async begin({ server }) {
    server.sink = "down";
    return async () => {
      server.sink = "up";
    };
  },
};
