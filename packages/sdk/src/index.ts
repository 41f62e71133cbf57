export { debug } from "./debug.ts";
export { type Compress, gzip } from "./delivery/gzip.ts";
export { clickEvidence } from "./details/click-evidence.ts";
export { device } from "./details/device.ts";
export { links } from "./details/links.ts";
export { names, texts } from "./details/names.ts";
export { type ReadingOptions, reading } from "./details/reading.ts";
export type { Happenings, Listen, ReportReason } from "./happenings.ts";
export { hold } from "./sensors/hold.ts";
export { type ClickDetail, type ClickEvidence, type ClickFields, type ClickOptions, clicks } from "./signals/clicks.ts";
export { type DwellOptions, dwell } from "./signals/dwell.ts";
export { elementDwell } from "./signals/element-dwell.ts";
export { errors } from "./signals/errors.ts";
export { forms } from "./signals/forms.ts";
export { type HoverOptions, hovers } from "./signals/hovers.ts";
export { type MediaOptions, media } from "./signals/media.ts";
export { type PageViewOptions, pageViews, type ViewDetail } from "./signals/page-views.ts";
export type { Player } from "./signals/playback.ts";
export { type PlayerReport, reportMedia } from "./signals/report-media.ts";
export { type ScrollDepthOptions, type ScrollDetail, scrollDepth } from "./signals/scroll-depth.ts";
export { selections } from "./signals/selections.ts";
export type { Signal, SignalContext, ViewCause, ViewDetails } from "./signals/signal.ts";
export { webVitals } from "./signals/web-vitals.ts";
export {
  createTracker,
  type Properties,
  type Tracker,
  type TrackerOptions,
  type Vector,
} from "./tracker.ts";
