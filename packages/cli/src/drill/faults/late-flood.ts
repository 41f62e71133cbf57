import type { Fault } from "../fault.ts";
import { startTraffic } from "../traffic.ts";

/** Many pages send events of ten minutes ago, as after an outage of their networks. */
export const lateFlood: Fault = {
  name: "late-flood",
  alert: "TidemarkLateFlood",
  metric: 'sum(tidemark_events_late_total{cause!="clock"}) > 0',
  async begin({ collector }) {
    const traffic = startTraffic(collector.origin, { age: 600_000 });
    return () => traffic.stop();
  },
};
