import { device } from "../enrichments/device.ts";
import type { Signal } from "../events/signal.ts";
import { guard } from "../guard.ts";
import type { Stop } from "../sensors/listen.ts";
import { type ClickDetail, type ClickEvidence, clicks } from "../signals/clicks.ts";
import { dwell } from "../signals/dwell.ts";
import { hovers } from "../signals/hovers.ts";
import { pageViews } from "../signals/page-views.ts";
import { type ScrollDetail, scrollDepth } from "../signals/scroll-depth.ts";
import type { Load, Parts } from "./load.ts";
import { ENRICHMENTS, LATE_SIGNALS, type PartName, SIGNALS } from "./parts.ts";
import type { SignalOptions } from "./settings.ts";

/** The signals of these names. Those that are not in the tag begin when their part is there; all others at once. */
export const signalsOf = (names: readonly string[], options: SignalOptions, load: Load): Signal[] => {
  const wanted = new Set(names.flatMap((name) => [name, ENRICHMENTS[name]]));

  /** Starts something with a part once that is there, unless it was stopped before. */
  const late = <N extends PartName>(name: N, start: (part: Parts[N]) => Stop): Stop => {
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

  const lateDetail = (name: "links" | "names" | "texts"): ClickDetail => {
    let detail: ClickDetail | undefined;
    void load(name).then((part) => {
      detail = part;
    });
    return (...click) => detail?.(...click) ?? {};
  };

  const lateEvidence: ClickEvidence = (context) => {
    let observe: ReturnType<ClickEvidence>["observe"] = (click) => context.emit("click", click);
    const stop = late("clickEvidence", (make) => {
      const evidence = make()(context);
      observe = evidence.observe;
      return evidence.stop;
    });
    return { observe: (...click) => observe(...click), stop };
  };

  const lateReading: ScrollDetail = () => {
    let reading: ReturnType<ScrollDetail> | undefined;
    void load("reading").then((make) => {
      reading = make(options.reading)();
    });
    return { update: (...sight) => reading?.update(...sight) ?? false, fields: () => reading?.fields() ?? {} };
  };

  const own: Record<(typeof SIGNALS)[number], () => Signal> = {
    pageViews: () => pageViews({ ...options.pageViews, details: wanted.has("device") ? [device] : [] }),
    clicks: () =>
      clicks({
        details: (["links", "names", "texts"] as const).filter((name) => wanted.has(name)).map(lateDetail),
        ...(wanted.has("clickEvidence") && { evidence: lateEvidence }),
      }),
    hovers: () => hovers(options.hovers),
    scrollDepth: () => scrollDepth({ ...options.scrollDepth, ...(wanted.has("reading") && { detail: lateReading }) }),
    dwell: () => dwell(options.dwell),
  };
  return [
    ...SIGNALS.filter((name) => wanted.has(name)).map((name) => own[name]()),
    ...LATE_SIGNALS.filter((name) => wanted.has(name)).map(
      (name): Signal =>
        (context) =>
          late(name, (make) => (make as (more?: object) => Signal)(options[name as "media"])(context)),
    ),
  ];
};
