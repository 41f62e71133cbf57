import { device } from "../details/device.ts";
import { guard } from "../guard.ts";
import type { Stop } from "../sensors/listen.ts";
import { type ClickDetail, type ClickEvidence, clicks } from "../signals/clicks.ts";
import { dwell } from "../signals/dwell.ts";
import { hovers } from "../signals/hovers.ts";
import { pageViews } from "../signals/page-views.ts";
import { type ScrollDetail, scrollDepth } from "../signals/scroll-depth.ts";
import type { Signal } from "../signals/signal.ts";
import type { Load, PartName, Parts } from "./parts.ts";
import type { SignalOptions } from "./settings.ts";

/** Signals that are loaded when they are named. */
const LATE = ["media", "webVitals", "forms", "selections", "errors", "elementDwell"] as const;

/** Names that say more of what a signal measures, and so ask for it. */
const DETAILS: Record<string, string> = {
  device: "pageViews",
  links: "clicks",
  names: "clicks",
  texts: "clicks",
  clickEvidence: "clicks",
  reading: "scrollDepth",
};

/** What is measured unless the page says otherwise. */
export const DEFAULTS = ["device", "clicks", "hovers", "scrollDepth", "dwell"];

/** All names that a tag may be given. */
export const NAMES: string[] = ["pageViews", ...DEFAULTS, ...LATE, ...Object.keys(DETAILS).slice(1)];

/** The signals of these names. Those that are not in the tag begin when their part is there; all others at once. */
export const signalsOf = (names: readonly string[], options: SignalOptions, load: Load): Signal[] => {
  const wanted = new Set(names.flatMap((name) => [name, DETAILS[name]]));

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
    let take: ReturnType<ClickEvidence>["take"] = (click) => context.emit("click", click);
    const stop = late("clickEvidence", (make) => {
      const evidence = make()(context);
      take = evidence.take;
      return evidence.stop;
    });
    return { take: (...click) => take(...click), stop };
  };

  const lateReading: ScrollDetail = () => {
    let reading: ReturnType<ScrollDetail> | undefined;
    void load("reading").then((make) => {
      reading = make(options.reading)();
    });
    return { see: (...sight) => reading?.see(...sight) ?? false, fields: () => reading?.fields() ?? {} };
  };

  const own: Record<string, () => Signal> = {
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
    ...Object.keys(own).flatMap((name) => (wanted.has(name) ? (own[name] as () => Signal)() : [])),
    ...LATE.filter((name) => wanted.has(name)).map(
      (name): Signal =>
        (context) =>
          late(name, (make) => (make as (more?: object) => Signal)(options[name as "media"])(context)),
    ),
  ];
};
