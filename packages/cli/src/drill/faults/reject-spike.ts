import type { Fault } from "../fault.ts";
import { startTraffic } from "../traffic.ts";

/** Pages with a new release of the SDK send events that the collector rejects. */
export const rejectSpike: Fault = {
  name: "reject-spike",
  alert: "TidemarkRejectRate",
  metric: 'sum(tidemark_events_rejected_total{release="js/9.9.9"}) > 0',
  async begin({ collector }) {
    const traffic = startTraffic(collector.origin, { sdk: "js/9.9.9", isInvalid: true });
    return () => traffic.stop();
  },
};
