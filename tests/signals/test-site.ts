import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import {
  type BatchResponse,
  batch,
  type DeliveredReaction,
  type Event,
  type EventOf,
  type EventType,
  event,
  type View,
} from "@tidemark/schema";
import { build } from "esbuild";
import sirv from "sirv";
import { sdkSignals } from "../../scripts/bundle/sdk-signals.ts";
import { withBoundWebVitals } from "../../scripts/bundle/web-vitals.ts";
import { EXAMPLE_SITE } from "../../scripts/example-site.ts";
import type { Tab } from "../browsers/browser.ts";

const PAGES = fileURLToPath(new URL("pages", import.meta.url));
const SDK = fileURLToPath(new URL("../../packages/sdk/src", import.meta.url));
const ZONE = fileURLToPath(import.meta.resolve("zone.js"));
const ASSETS = join(EXAMPLE_SITE, "assets");

/**
 * Delay of the response to a page, in milliseconds. WebKit rounds to whole milliseconds, and web-vitals reports no TTFB
 * that is 0: without a network a response may arrive within the first millisecond.
 */
const NETWORK_MS = 5;

/** The first byte of a compressed body. */
const GZIP = 0x1f;

/** The reactions of one site. */
export interface SiteReactions {
  /** The reactions to deliver. */
  pending: DeliveredReaction[];
  /** The ids that pages have acknowledged. */
  received: string[];
  unknown: string[];
}

/** A server of test pages with a tracker, and of a collector for their events. */
export interface TestSite {
  origin: string;
  /** Returns and removes the violations of the contract so far, as text. */
  violations(): string[];
  /** Returns the number of different events that arrived since the start. */
  eventCount(): number;
  /** The reactions of a site, by its public key, which the collector delivers until a page acknowledges them. */
  reactionsOf(key: string): SiteReactions;
  /** Returns the latest context that was sent of an event's view. */
  viewOf(event: { view_id?: string | undefined } | undefined): View | undefined;
  stop(): Promise<void>;
}

/**
 * Bundles the SDK as a module, or as a script with its exports in `window.sdk` and the names of its signals in
 * `window.signalNames`.
 */
const bundleSdk = async (format: "esm" | "iife"): Promise<string> => {
  const names = JSON.stringify(sdkSignals.map(({ name }) => name));
  const { outputFiles } = await build({
    entryPoints: [`${SDK}/index.ts`],
    bundle: true,
    write: false,
    format,
    ...(format === "iife" && { globalName: "sdk", footer: { js: `window.signalNames = ${names};` } }),
    target: "es2022",
    plugins: [withBoundWebVitals],
  });
  return outputFiles[0]?.text ?? "";
};

/** The scripts of every site, by path: one set for all suites of a file. */
let scripts: Promise<Record<string, string>> | undefined;
const buildScripts = async () => ({
  "/sdk.js": await bundleSdk("iife"),
  "/sdk.mjs": await bundleSdk("esm"),
  "/zone.js": readFileSync(ZONE, "utf8"),
});

const violationsIn = (body: unknown): string[] => {
  const envelope = batch.safeParse(body);
  if (!envelope.success) return [`batch: ${envelope.error.message}`];
  const views = envelope.data.views.map(({ view_id }) => view_id);
  return envelope.data.events.flatMap((each) => {
    const { success, data, error } = event.safeParse(each);
    if (!success) return [`${JSON.stringify(each)}: ${error.message}`];
    return data.view_id && !views.includes(data.view_id) ? [`${JSON.stringify(each)}: no such view`] : [];
  });
};

/**
 * Serves `pages/` and the assets of the example site on a free port, with the SDK at `/sdk.js` and, as a module, at
 * `/sdk.mjs`. Angular's zone.js is at `/zone.js`. The collector at
 * `/v1/events` accepts everything and records each violation of the contract; the one at `/hanging` never responds.
 */
export const startTestSite = async (): Promise<TestSite> => {
  scripts ??= buildScripts();
  const scriptsByPath = await scripts;
  const violations: string[] = [];
  const views = new Map<string, View>();
  const contents = new Map<string, string>();
  const reactions = new Map<string, SiteReactions>();
  const reactionsOf = (key: string): SiteReactions => {
    const known = reactions.get(key) ?? { pending: [], received: [], unknown: [] };
    reactions.set(key, known);
    return known;
  };
  const collect = async (request: IncomingMessage): Promise<BatchResponse> => {
    const bytes = await buffer(request);
    const body = JSON.parse(`${bytes[0] === GZIP ? gunzipSync(bytes) : bytes}`);
    violations.push(...violationsIn(body));
    for (const view of body.views ?? []) views.set(view.view_id, view);
    for (const each of body.events ?? []) {
      const number = `${body.tab_id} ${each.seq}`;
      const content = JSON.stringify(each);
      const other = contents.get(number) ?? content;
      // The same event may arrive again. A different event with its number would not be stored.
      if (other !== content) violations.push(`two events have the number ${number}: ${other} and ${content}`);
      contents.set(number, content);
    }
    const site = reactionsOf(body.key);
    const acknowledged: string[] = [...(body.reactions_received ?? []), ...(body.reactions_unknown ?? [])];
    site.received.push(...(body.reactions_received ?? []));
    site.unknown.push(...(body.reactions_unknown ?? []));
    site.pending = site.pending.filter(({ id }) => !acknowledged.includes(id));
    return {
      accepted: body.events?.length ?? 0,
      duplicates: 0,
      rejected: [],
      ...(body.reactions_received && site.pending[0] && { reactions: site.pending }),
    };
  };
  // With an ETag the browser may cache the pages, and so restore them from the back-forward cache.
  const files = sirv(PAGES, { dev: true, etag: true });
  const assets = sirv(ASSETS, { dev: true });
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://site");
    const script = scriptsByPath[pathname];
    if (script !== undefined) {
      response.setHeader("content-type", "text/javascript").end(script);
    } else if (pathname === "/v1/events" && request.method === "POST") {
      const batchResponse = await collect(request).catch((error) => {
        // A page that is closed during its last request does not violate the contract.
        if (request.complete) violations.push(`request: ${error}`);
      });
      response.setHeader("content-type", "application/json").end(JSON.stringify(batchResponse ?? {}));
    } else if (pathname.startsWith("/hanging/")) {
      // A collector that never responds.
    } else {
      await setTimeout(NETWORK_MS);
      files(request, response, () =>
        assets(request, response, () => {
          response.writeHead(404).end("not found");
        }),
      );
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    violations: () => violations.splice(0),
    eventCount: () => contents.size,
    reactionsOf,
    viewOf: (event) => views.get(event?.view_id ?? ""),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
};

/** An event as the page's listener received it. */
export type Captured<T extends EventType = EventType> = EventOf<T> & { tab_id: string };

/**
 * Returns the events of a tab so far, in order: those of this page and of earlier pages. In a page that is restored
 * from the back-forward cache, the events of later pages may be missing: Firefox and Chromium show it the earlier
 * storage.
 */
export const captured = (tab: Tab): Promise<(Event & { tab_id: string })[]> =>
  tab.run("return JSON.parse(sessionStorage.captured ?? '[]')");

/** Returns the tab's events of one type. */
export const capturedOf = async <T extends EventType>(tab: Tab, type: T): Promise<Captured<T>[]> =>
  (await captured(tab)).filter((each) => each.type === type) as Captured<T>[];
