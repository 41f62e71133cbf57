import type { SignalName } from "@tidemark/schema";
import { deviceDetails } from "../enrichments/device-details.ts";
import type { Signal } from "../events/signal.ts";
import { guard } from "../guard.ts";
import { Set } from "../platform.ts";
import type { Stop } from "../sensors/listen.ts";
import { type ClickEnrichment, type ClickEvidence, clicks } from "../signals/clicks.ts";
import { dwell } from "../signals/dwell.ts";
import { hovers } from "../signals/hovers.ts";
import { pageViews } from "../signals/page-views.ts";
import { type ScrollEnrichment, scrollDepth } from "../signals/scroll-depth.ts";
import type { LoadPart, Parts } from "./load.ts";
import { pageUrlOf } from "./page-url.ts";
import { ENRICHMENTS, LAZY_SIGNALS, type PartName, SIGNALS } from "./parts.ts";
import type { Settings } from "./settings.ts";

/** The enrichments of single clicks. */
const CLICK_ENRICHMENTS = ["clickLinks", "clickNames", "clickTexts"] as const;

/** Loads a part and starts it, unless it was stopped before it had loaded. */
export const startLoaded = <N extends PartName>(load: LoadPart, name: N, start: (part: Parts[N]) => Stop): Stop => {
  let isStopped = false;
  let stop: Stop | undefined;
  void load(name).then(
    guard((part: Parts[N]) => {
      if (!isStopped) stop = start(part);
    }),
  );
  return () => {
    isStopped = true;
    stop?.();
  };
};

/** Creates the signals that the settings name. A signal outside the tag starts when its part has loaded, all others immediately. */
export const signalsOf = ({ signals: names, options, pageUrl }: Settings, load: LoadPart): Signal[] => {
  const wanted = new Set(names.flatMap((name) => [name, ENRICHMENTS[name]]));

  const lazy = <N extends PartName>(name: N, start: (part: Parts[N]) => Stop): Stop => startLoaded(load, name, start);

  const clickEnrichments = CLICK_ENRICHMENTS.filter((name) => wanted.has(name));

  const lazyEnrichment = (name: (typeof CLICK_ENRICHMENTS)[number]): ClickEnrichment => {
    let enrichment: ClickEnrichment | undefined;
    void load(name).then((part) => {
      enrichment = part;
    });
    return (...click) => enrichment?.(...click) ?? {};
  };

  const lazyEvidence: ClickEvidence = (context) => {
    let observe: ReturnType<ClickEvidence>["observe"] = (click) => context.capture("click", click);
    const stop = lazy("clickEvidence", (make) => {
      const evidence = make()(context);
      observe = evidence.observe;
      return evidence.stop;
    });
    return { observe: (...click) => observe(...click), stop };
  };

  const lazyReading: ScrollEnrichment = (context) => {
    let reading: ReturnType<ScrollEnrichment> | undefined;
    void load("readingDetails").then((make) => {
      reading = make(options.readingDetails)(context);
    });
    return { update: (...position) => reading?.update(...position) ?? false, fields: () => reading?.fields() ?? {} };
  };

  const bundled: Record<(typeof SIGNALS)[number], () => Signal> = {
    pageViews: () =>
      pageViews({
        ...(pageUrl && { url: pageUrlOf(pageUrl) }),
        enrichments: wanted.has("deviceDetails") ? [deviceDetails] : [],
      }),
    clicks: () =>
      clicks({
        enrichments: clickEnrichments.map(lazyEnrichment),
        ...(wanted.has("clickEvidence") && { evidence: lazyEvidence }),
      }),
    hovers: () => hovers(options.hovers),
    scrollDepth: () =>
      scrollDepth({ ...options.scrollDepth, ...(wanted.has("readingDetails") && { enrichment: lazyReading }) }),
    dwell: () => dwell(options.dwell),
  };
  /** States that an enrichment runs, once it has loaded. */
  const stateWhenLoaded =
    (name: PartName & SignalName): Signal =>
    (context) =>
      lazy(name, () => {
        context.runs(name);
        return () => {};
      });

  return [
    ...SIGNALS.filter((name) => wanted.has(name)).map((name) => bundled[name]()),
    ...LAZY_SIGNALS.filter((name) => wanted.has(name)).map(
      (name): Signal =>
        (context) =>
          lazy(name, (make) => (make as (options?: object) => Signal)(options[name as "media"])(context)),
    ),
    ...clickEnrichments.map(stateWhenLoaded),
  ];
};
