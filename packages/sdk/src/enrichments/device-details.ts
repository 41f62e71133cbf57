import { named } from "../events/named.ts";
import { Intl, matchMedia, navigator, screen, Temporal } from "../platform.ts";
import type { ViewEnrichment } from "../signals/page-views.ts";

/**
 * Adds language, time zone, viewport, screen, colour scheme and, if the browser knows it, the kind of connection to {@link pageViews}.
 * Together these fields can almost identify a browser: add them only if a model needs them.
 */
export const deviceDetails: ViewEnrichment = /* @__PURE__ */ named("deviceDetails", () => {
  const { effectiveType } = (navigator as { connection?: { effectiveType?: string } }).connection ?? {};
  // The first use of Intl takes tens of milliseconds.
  return {
    language: navigator.language,
    time_zone: Temporal?.Now?.timeZoneId?.() ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    viewport_width: window.innerWidth,
    viewport_height: window.innerHeight,
    screen_width: screen?.width,
    screen_height: screen?.height,
    color_scheme: matchMedia("(prefers-color-scheme:dark)").matches ? "dark" : "light",
    ...(effectiveType && { connection: effectiveType }),
  };
});
