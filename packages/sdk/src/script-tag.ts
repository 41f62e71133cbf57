import { guard, warn } from "./guard.ts";
import { resolveEndpoint } from "./options/site.ts";
import { Object, URL } from "./platform.ts";
import { createPartLoader } from "./script-tag/load.ts";
import { reactionsOf } from "./script-tag/reactions.ts";
import { readSettings, type Settings } from "./script-tag/settings.ts";
import { signalsOf } from "./script-tag/signals.ts";
import { replayCalls, type Stub } from "./script-tag/stub-calls.ts";
import { read } from "./sensors/members.ts";
import { createTracker } from "./tracker/create-tracker.ts";
import { pageTrackers } from "./tracker/page-trackers.ts";
import type { Tracker } from "./tracker/tracker.ts";

/**
 * The script tag: `<script async src="https://<collector>/tidemark.js" data-key="tm_…"></script>` measures the page.
 *
 * The tracker is `window.tidemark`, or the property of `window` that `data-name` names. Events go to the origin that served the script.
 * A stub (`script-tag/stub.ts`) records the calls made before the script has loaded, and the tag replays them. Each key has one
 * tracker per page, even if its tag occurs twice. One warning lists all problems. docs/script-tag.md describes every attribute.
 */
const script = read(document, "currentScript") as HTMLScriptElement | null;
const globals = window as unknown as Record<string, unknown>;

const start = (settings: Settings & { key: string; endpoint: string }): Tracker => {
  const load = createPartLoader(script?.src || (resolveEndpoint(settings.endpoint) as string), script?.nonce);
  const { reactions, ...options } = settings;
  const tracker = createTracker({
    ...options,
    ...(reactions && { reactions: reactionsOf(load) }),
    signals: signalsOf(settings, load),
  });
  if (/[?&]tidemark_debug\b/.test(location.search)) void load("debug").then((debug) => debug(tracker));
  if (/[?&]tidemark_inspect\b/.test(location.search)) void load("inspect").then((inspect) => inspect(tracker));
  return tracker;
};

guard(() => {
  const trackers = pageTrackers();
  const { name = "tidemark", ...attributes } = { ...script?.dataset };
  const existing = globals[name] as Stub | undefined;
  const { settings, problems } = readSettings(attributes, existing?.config, script?.src && new URL(script.src).origin);

  const { key, endpoint } = settings;
  if (key && endpoint) {
    const tracker = trackers[key]?.tracker ?? start({ ...settings, key, endpoint });
    // An element with this id is an inherited property of `window`: the tracker may replace it.
    if (!existing || !Object.hasOwn(globals, name) || existing.q || existing.config) {
      globals[name] = tracker;
      if (existing) replayCalls(existing, tracker);
    } else if (!Object.values(trackers).some((each) => (each.tracker as unknown) === existing))
      problems.push(`data-name: window.${name} is in use. Choose another name`);
  } else problems.unshift("nothing is measured");
  if (problems.length) warn(problems.join("\n"));
})();
