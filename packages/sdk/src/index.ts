export type { ConsentState } from "@tidemark/schema";
export { type BatchTraceOptions, batchTraces } from "./delivery/batch-traces.ts";
export type { Compress } from "./delivery/compression.ts";
export { gzip } from "./delivery/gzip.ts";
export { type Follow, type FollowedPart, overWebSocket } from "./delivery/over-web-socket.ts";
export { clickEvidence } from "./enrichments/click-evidence.ts";
export { clickLinks } from "./enrichments/click-links.ts";
export { clickNames } from "./enrichments/click-names.ts";
export { clickTexts } from "./enrichments/click-texts.ts";
export { deviceDetails } from "./enrichments/device-details.ts";
export { type ReadingDetailsOptions, readingDetails } from "./enrichments/reading-details.ts";
export { debug } from "./events/debug.ts";
export type { QueuedBatch } from "./events/queued-batch.ts";
export type { Reaction } from "./events/reaction.ts";
export type { Signal, SignalContext, ViewCause, ViewFields } from "./events/signal.ts";
export type { Listen, ReportReason, TrackerEventMap } from "./events/tracker-events.ts";
export { acrossSubdomains } from "./identity/across-subdomains.ts";
export type { IdentityStore, StoredIdentity } from "./identity/visitor.ts";
export type { Player } from "./measures/playback.ts";
export type { ConsentAnswer, Purposes } from "./options/consent.ts";
export type { CapturedEvent, TrackerOptions } from "./options/tracker-options.ts";
export { type Reactions, reactions } from "./reactions/reactions.ts";
export { hold } from "./sensors/engagement-hold.ts";
export { hashRoutes, keepParameters, type PageUrl, pathOnly } from "./sensors/page-definition.ts";
export { type PlayerReport, reportMedia } from "./sensors/report-media.ts";
export {
  type ClickEnrichment,
  type ClickEvidence,
  type ClickFields,
  type ClickOptions,
  clicks,
} from "./signals/clicks.ts";
export { type DwellOptions, dwell } from "./signals/dwell.ts";
export { elementDwell } from "./signals/element-dwell.ts";
export { errors } from "./signals/errors.ts";
export { forms } from "./signals/forms.ts";
export { type HoverOptions, hovers } from "./signals/hovers.ts";
export { type MediaOptions, media } from "./signals/media.ts";
export { type PageViewOptions, pageViews, type ViewEnrichment } from "./signals/page-views.ts";
export { type ScrollDepthOptions, type ScrollEnrichment, scrollDepth } from "./signals/scroll-depth.ts";
export { selections } from "./signals/selections.ts";
export { sessionPerCampaign } from "./signals/session-per-campaign.ts";
export { webVitals } from "./signals/web-vitals.ts";
export { createTracker } from "./tracker/create-tracker.ts";
export type { Tracker, Vector } from "./tracker/tracker.ts";
export type { Properties, UntypedEvents } from "./tracker/typed-events.ts";
