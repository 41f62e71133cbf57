import type { ViewEnrichment } from "../signals/page-views.ts";

/**
 * Detail for {@link pageViews}: language, time zone, viewport, screen, colour scheme and, where the browser knows it, the
 * kind of connection. Together they come near to telling browsers apart: ask for them where a model needs them.
 */
export const deviceDetails: ViewEnrichment = () => {
  // Intl takes tens of milliseconds to begin with.
  const { Temporal } = globalThis as { Temporal?: { Now: { timeZoneId(): string } } };
  const { effectiveType } = (navigator as { connection?: { effectiveType?: string } }).connection ?? {};
  return {
    language: navigator.language,
    time_zone: Temporal?.Now.timeZoneId() ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    viewport_width: innerWidth,
    viewport_height: innerHeight,
    screen_width: screen.width,
    screen_height: screen.height,
    color_scheme: matchMedia("(prefers-color-scheme:dark)").matches ? "dark" : "light",
    ...(effectiveType && { connection: effectiveType }),
  };
};
