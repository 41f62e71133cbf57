import type { Fault } from "../fault.ts";
import { startTraffic } from "../traffic.ts";

/** The clocks of many pages are an hour behind. */
export const clockJump: Fault = {
  name: "clock-jump",
  alert: "TidemarkClockSkew",
  metric: 'sum(tidemark_events_late_total{cause="clock"}) > 0',
  async begin({ collector }) {
    const traffic = startTraffic(collector.origin, { behind: 3_600_000 });
    return () => traffic.stop();
  },
};
