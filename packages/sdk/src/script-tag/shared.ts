import { guard } from "../guard.ts";
import { percentageOf } from "../measures/depth.ts";
import { now } from "../sensors/clock.ts";
import { hold } from "../sensors/engagement-hold.ts";
import { combineStops, listen } from "../sensors/listen.ts";
import { onNavigation } from "../sensors/navigation.ts";
import { isVisible, onPageChange, whenVisible } from "../sensors/page-state.ts";
import { cleanUrl } from "../sensors/page-url.ts";
import { describe } from "../sensors/target.ts";
import { createTimer } from "../sensors/timer.ts";

/**
 * What the script tag and the parts that it loads both use. A part has no copy of its own of these: it would be heavier, and a
 * hold that it takes would be none for the dwell of the tag.
 */
export const shared = {
  ...{ guard, cleanUrl, now, hold, listen, combineStops, onNavigation, isVisible, onPageChange, whenVisible, describe },
  ...{ createTimer, percentageOf },
};
