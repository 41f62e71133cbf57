import { gzip } from "./delivery/gzip.ts";
import { guard } from "./guard.ts";
import { createPartLoader } from "./script-tag/load.ts";
import { readSettings, type Settings } from "./script-tag/settings.ts";
import { signalsOf } from "./script-tag/signals.ts";
import { replayCalls, type Stub } from "./script-tag/stub-calls.ts";
import { createTracker } from "./tracker/create-tracker.ts";
import type { Tracker } from "./tracker/tracker.ts";

/**
 * The script tag: `<script async src="https://<collector>/tidemark.js" data-key="tm_…"></script>` measures the page and puts
 * the tracker in `window.tidemark`, or where `data-name` says. Events go to the origin that the script came from. Calls made
 * before it is there are kept by a stub (`script-tag/stub.ts`) and made then. A key has one tracker a page, however often its tag
 * is in there. What is wrong is said in one warning; docs/script-tag.md has every attribute.
 */
const script = document.currentScript as HTMLScriptElement | null;
const globals = window as unknown as Record<string | symbol, unknown>;

/** The trackers of all tags on the page, by their keys. */
const REGISTRY = Symbol.for("tidemark");

const start = ({ signals, options, ...others }: Settings & { key: string; endpoint: string }): Tracker => {
  const load = createPartLoader(script?.src || `${others.endpoint}/`, script?.nonce);
  const tracker = createTracker({ ...others, compress: gzip, signals: signalsOf(signals, options, load) });
  if (/[?&]tidemark_debug\b/.test(location.search)) void load("debug").then((debug) => debug(tracker));
  if (/[?&]tidemark_inspect\b/.test(location.search)) void load("inspect").then((inspect) => inspect(tracker));
  return tracker;
};

guard(() => {
  globals[REGISTRY] ??= {};
  const trackers = globals[REGISTRY] as Record<string, Tracker>;
  const { name = "tidemark", ...attributes } = { ...script?.dataset };
  const there = globals[name] as Stub | undefined;
  const { settings, problems } = readSettings(attributes, there?.config, script?.src && new URL(script.src).origin);

  const { key, endpoint } = settings;
  if (key && endpoint) {
    trackers[key] ??= start({ ...settings, key, endpoint });
    // An element with that id is no property of the window's own.
    if (!there || !Object.hasOwn(globals, name) || there.q || there.config) {
      globals[name] = trackers[key];
      if (there) replayCalls(there, trackers[key]);
    } else if (!Object.values<unknown>(trackers).includes(there))
      problems.push(`data-name: window.${name} is in use. Choose another name`);
  } else problems.unshift("nothing is measured");
  if (problems.length) console.warn("[tidemark]", problems.join("\n"));
})();
