import type { Fault } from "../fault.ts";
import { clockJump } from "./clock-jump.ts";
import { collectorDown } from "./collector-down.ts";
import { feastStale } from "./feast-stale.ts";
import { lateFlood } from "./late-flood.ts";
import { logStale } from "./log-stale.ts";
import { rejectSpike } from "./reject-spike.ts";
import { sinkDown } from "./sink-down.ts";
import { sinkLagging } from "./sink-lagging.ts";
import { volumeDrop } from "./volume-drop.ts";

/** All faults, in the order in which a drill injects them: that which needs an hour of traffic is the last. */
export const faults: readonly Fault[] = [
  ...[collectorDown, sinkDown, sinkLagging, rejectSpike, lateFlood, clockJump, logStale, feastStale, volumeDrop],
];
