import type { Fault } from "../fault.ts";

/** The collector is killed. */
export const collectorDown: Fault = {
  name: "collector-down",
  alert: "TidemarkCollectorDown",
  metric: 'up{job="tidemark"} == 0',
  async begin({ collector }) {
    await collector.kill();
    return () => collector.restart();
  },
};
