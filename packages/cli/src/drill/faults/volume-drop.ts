import type { Fault } from "../fault.ts";
import { EVENTS_PER_SECOND } from "../traffic.ts";

/** Pages send nothing any more. */
export const volumeDrop: Fault = {
  name: "volume-drop",
  alert: "TidemarkEventVolumeDrop",
  metric: `sum(rate(tidemark_events_accepted_total[5s])) < ${EVENTS_PER_SECOND / 4}`,
  // The rule compares with ten minutes of an hour ago.
  historySeconds: 3_600 + 300,
  async begin({ traffic }) {
    await traffic.stop();
    return async () => traffic.start();
  },
};
