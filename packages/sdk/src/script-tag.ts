import { gzip } from "./delivery/gzip.ts";
import { device } from "./details/device.ts";
import { clicks } from "./signals/clicks.ts";
import { dwell } from "./signals/dwell.ts";
import { hovers } from "./signals/hovers.ts";
import { pageViews } from "./signals/page-views.ts";
import { scrollDepth } from "./signals/scroll-depth.ts";
import { createTracker, type Tracker } from "./tracker.ts";

/**
 * The script tag: `<script async src="https://<collector>/tidemark.js" data-key="tm_…"></script>` measures everything and
 * puts the tracker in `window.tidemark`. Events go to the origin that the script came from. Calls made before it loads are
 * kept by a stub in `window.tidemark.q`, as `[method, ...arguments]`, and replayed.
 */
const script = document.currentScript as HTMLScriptElement | null;
const key = script?.dataset.key;
const page = window as unknown as {
  tidemark?: Partial<Tracker> & { q?: [method: "track" | "identify" | "page", ...rest: never[]][] };
};

if (!script || !key) {
  console.warn('[tidemark] the script tag needs the site\'s key: <script async src="…/tidemark.js" data-key="tm_…">');
} else if (!page.tidemark?.flush) {
  const calls = page.tidemark?.q ?? [];
  const { origin } = new URL(script.src);
  const tracker = createTracker({
    key,
    endpoint: origin,
    compress: gzip,
    signals: [pageViews({ details: [device] }), clicks(), hovers(), scrollDepth(), dwell()],
  });
  page.tidemark = tracker;
  if (/[?&]tidemark_debug\b/.test(location.search))
    void import(`${origin}/tidemark-debug.js`).then(({ debug }) => debug(tracker)).catch(() => {});
  if (/[?&]tidemark_inspect\b/.test(location.search))
    void import(`${origin}/tidemark-inspector.js`).then(({ inspect }) => inspect(tracker)).catch(() => {});
  for (const [method, ...rest] of calls) (tracker[method] as (...rest: unknown[]) => void)(...rest);
}
