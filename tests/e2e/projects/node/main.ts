import { createRequire } from "node:module";
import { event } from "@tidemark/schema";
import { MAX_BATCH_EVENTS } from "@tidemark/schema/limits";
import { createTracker, type Signal, type Vector } from "@tidemark/sdk";
import { clicks } from "@tidemark/sdk/clicks";
import { dwell } from "@tidemark/sdk/dwell";
import { elementDwell } from "@tidemark/sdk/element-dwell";
import { errors } from "@tidemark/sdk/errors";
import { forms } from "@tidemark/sdk/forms";
import { hovers } from "@tidemark/sdk/hovers";
import { media } from "@tidemark/sdk/media";
import { pageViews } from "@tidemark/sdk/page-views";
import { scrollDepth } from "@tidemark/sdk/scroll-depth";
import { selections } from "@tidemark/sdk/selections";
import { webVitals } from "@tidemark/sdk/web-vitals";

const signals: Signal[] = [
  ...[pageViews(), clicks(), hovers(), scrollDepth(), dwell(), elementDwell(), media(), forms(), selections()],
  ...[errors(), webVitals()],
];
const tracker = createTracker({ key: "tm_demo_3f9c1e7ab2d84056", endpoint: "http://localhost:1", signals });
tracker.track("started");
await tracker.flush();
const features: Vector = await tracker.features();

const { createTracker: required } = createRequire(import.meta.url)("@tidemark/sdk");
const hover = { type: "hover", seq: 0, time: Date.now(), view_id: "12345678" };
console.log(
  JSON.stringify({
    session: tracker.sessionId,
    features,
    signals: signals.length,
    required: required === createTracker,
    rejected: event.safeParse(hover).error?.issues[0]?.path,
    limit: MAX_BATCH_EVENTS,
  }),
);
