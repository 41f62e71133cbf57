import { build } from "esbuild";
import { nodePackages } from "../../tests/interop/install.ts";

/** Another library for the same purpose: the packages that it needs, and the program of a page that uses it. */
interface Peer {
  packages: string[];
  /** The program. It reports every click, as the pages of the SDK do, and what the library measures by itself. */
  program: string;
}

/**
 * The peers, each as a site sets it up that wants to know of clicks, scrolling and time on the page. A peer that has no
 * automatic capture of some clicks has a listener that reports these by its own function for events.
 */
const PEERS: Record<string, Peer> = {
  // Scroll depth and time on the page are in its "engagement", which it captures by itself.
  plausible: {
    packages: ["@plausible-analytics/tracker@0.4.6"],
    program: `
      import { init, track } from "@plausible-analytics/tracker";
      init({
        domain: "localhost",
        endpoint: "/v1/plausible",
        outboundLinks: true,
        fileDownloads: true,
        formSubmissions: true,
        captureOnLocalhost: true,
      });
      document.addEventListener("click", ({ target, clientX, clientY }) =>
        track("click", { props: { tag: target.localName, x: String(clientX), y: String(clientY) } }));`,
  },
  // Its heartbeat has time on the page and scroll offsets. Its plugins capture clicks on links and buttons.
  snowplow: {
    packages: ["browser-tracker", "browser-plugin-link-click-tracking", "browser-plugin-button-click-tracking"].map(
      (name) => `@snowplow/${name}@4.6.8`,
    ),
    program: `
      import { newTracker, enableActivityTracking, trackPageView, trackStructEvent } from "@snowplow/browser-tracker";
      import { LinkClickTrackingPlugin, enableLinkClickTracking } from "@snowplow/browser-plugin-link-click-tracking";
      import { ButtonClickTrackingPlugin, enableButtonClickTracking } from "@snowplow/browser-plugin-button-click-tracking";
      newTracker("peer", location.origin, {
        appId: "bench",
        postPath: "/v1/snowplow",
        plugins: [LinkClickTrackingPlugin(), ButtonClickTrackingPlugin()],
      });
      enableActivityTracking({ minimumVisitLength: 5, heartbeatDelay: 5 });
      enableLinkClickTracking();
      enableButtonClickTracking();
      trackPageView();
      document.addEventListener("click", ({ target, clientX, clientY }) => {
        if (!target.closest("a, button"))
          trackStructEvent({ category: "click", action: target.localName, property: clientX + "," + clientY });
      });`,
  },
};

/** The names of the peers, which are those of their pages. */
export const PEER_NAMES = Object.keys(PEERS);

/** Installs the peers once, and returns their minified programs by name. */
export const peerScripts = async (): Promise<Record<string, string>> => {
  const scripts: [string, string][] = [];
  for (const [name, { packages, program }] of Object.entries(PEERS)) {
    const { outputFiles } = await build({
      stdin: { contents: program, resolveDir: await nodePackages(...packages) },
      bundle: true,
      minify: true,
      format: "iife",
      target: "es2022",
      write: false,
    });
    scripts.push([name, outputFiles[0]?.text ?? ""]);
  }
  return Object.fromEntries(scripts);
};
