import { describe, expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { inEveryBrowser } from "../signals/in-every-browser.ts";

/** The key of another site than that of the page's own tracker. */
const KEY = "tm_other_00000000";

/** A frame of a page: the attributes of its element, and whether the page can reach into it. */
interface Frame {
  attributes: string;
  isSandboxed?: boolean;
}

/** The requests of a tracker, with their absolute URLs and without queries, and its warnings and failures. */
interface Requests {
  urls: string[];
  warned: string[];
  failures: string[];
}

/** The body of a function that sends an event, reads the features and resets with a tracker of that endpoint, and returns {@link Requests}. */
const requestAll = (endpoint: string) => `
  const urls = [], warned = [], failures = [];
  globalThis.tracker?.stop();
  addEventListener("error", ({ message }) => failures.push(message));
  addEventListener("unhandledrejection", ({ reason }) => failures.push(String(reason)));
  console.warn = (...words) => warned.push(words.map(String).join(" "));
  globalThis.fetch = async (url) => {
    urls.push(new URL(url, document.baseURI).href.split("?")[0]);
    throw new Error("no");
  };
  const tracker = sdk.createTracker({ key: "${KEY}", endpoint: "${endpoint}", cookie: true });
  tracker.track("one");
  await tracker.flush().catch(() => {});
  await tracker.features(true).catch(() => {});
  const id = tracker.sessionId;
  tracker.reset();
  tracker.stop();
  await new Promise((resolve) => setTimeout(resolve, 20));
  return { urls: [...new Set(urls)].map((url) => url.replace(id, "id")).sort(), warned, failures };
`;

const routesOf = (base: string) => [`${base}/v1/events`, `${base}/v1/features/session/id`, `${base}/v1/forget`];

/** Runs a script in a new frame of the page that has the SDK. */
const runInFrame = ({ run }: Tab, { attributes, isSandboxed }: Frame, script: string): Promise<Requests> =>
  run(`
    const answered = new Promise((resolve) =>
      addEventListener("message", ({ data }) => resolve(JSON.parse(data)), { once: true }));
    document.body.insertAdjacentHTML("beforeend", ${JSON.stringify(`<iframe title="Frame" ${attributes}></iframe>`)});
    const frame = document.querySelector("iframe");
    if (${!!isSandboxed}) return answered;
    if (frame.getAttribute("src") !== "about:blank") await new Promise((resolve) => { frame.onload = resolve; });
    const page = frame.contentDocument;
    const load = page.createElement("script");
    load.src = location.origin + "/sdk.js";
    page.body.append(load);
    await new Promise((resolve) => { load.onload = resolve; });
    return new frame.contentWindow.Function(${JSON.stringify(`return (async () => {${script}})()`)})();
  `);

describe("the endpoint of a tracker", () => {
  inEveryBrowser(({ open, url }) => {
    /** The origin of the test pages. */
    const site = () => new URL(url("plain.html")).origin;

    it.each([
      ["/", ""],
      ["/t", "/t"],
      ["/t/", "/t"],
      ["./t", "/t"],
    ])("%s belongs to the page's origin, whatever <base> says", async (endpoint, path) => {
      const { run } = await open("plain.html", { signals: [] });
      await run(`document.head.insertAdjacentHTML("afterbegin", "<base href='https://cdn.example/assets/'>")`);
      expect(await run(requestAll(endpoint))).toEqual({ urls: routesOf(site() + path), warned: [], failures: [] });
    });

    it("without a scheme has the page's scheme", async () => {
      const { run } = await open("plain.html", { signals: [] });
      expect(await run(requestAll("//collector.example/t"))).toEqual({
        urls: routesOf("http://collector.example/t"),
        warned: [],
        failures: [],
      });
    });

    it("is resolved once: a later change of the page's URL or <base> has no effect", async () => {
      const { run } = await open("plain.html", { signals: [] });
      const urls = await run<string[]>(`
        const urls = [];
        globalThis.fetch = async (url) => { urls.push(new URL(url, document.baseURI).href); throw new Error("no"); };
        const other = sdk.createTracker({ key: "${KEY}", endpoint: "/t" });
        history.pushState(null, "", "/a/b/c");
        document.head.insertAdjacentHTML("afterbegin", "<base href='https://cdn.example/assets/'>");
        other.track("one");
        await other.flush().catch(() => {});
        return urls;
      `);
      expect(urls).toEqual([`${site()}/t/v1/events`]);
    });

    it.each<[string, Frame]>([
      ["about:blank", { attributes: `src="about:blank"` }],
      ["srcdoc", { attributes: `srcdoc="<p>Frame"` }],
      ["an URL of the site", { attributes: `src="/plain.html?signals="` }],
    ])("that is a path belongs to the site's origin, in a frame with %s", async (_, frame) => {
      const tab = await open("plain.html", { signals: [] });
      expect(await runInFrame(tab, frame, requestAll("/t"))).toEqual({
        urls: routesOf(`${site()}/t`),
        warned: [],
        failures: [],
      });
    });

    it("that is a path belongs to the site's origin, in a blob: page", async () => {
      const tab = await open("plain.html", { signals: [] });
      const blob = await tab.run<string>(`return URL.createObjectURL(new Blob(["<p>Frame"], { type: "text/html" }))`);
      expect(await runInFrame(tab, { attributes: `src="${blob}"` }, requestAll("/t"))).toEqual({
        urls: routesOf(`${site()}/t`),
        warned: [],
        failures: [],
      });
    });

    it.each(["/t", "https://collector.example"])("%s throws nothing in a sandboxed srcdoc page", async (endpoint) => {
      const tab = await open("plain.html", { signals: [] });
      const script = `(async () => {${requestAll(endpoint)}})().then((result) => parent.postMessage(JSON.stringify(result), "*"))`;
      const frame = `<script src='${site()}/sdk.js'></script><script>${script.replaceAll('"', "&quot;")}</script>`;
      const requests = await runInFrame(
        tab,
        { attributes: `sandbox="allow-scripts" srcdoc="${frame}"`, isSandboxed: true },
        "",
      );
      expect(requests.failures).toEqual([]);
      // The page has no origin to which a path could belong.
      expect(requests.urls).toEqual(endpoint === "/t" ? [] : routesOf(endpoint));
      expect(requests.warned).toEqual(
        endpoint === "/t" ? [expect.stringMatching(/nothing is measured: .* as endpoint a URL .* and "\/t"$/)] : [],
      );
    });

    it.each(["/t/v1/events", "https://collector.example/v1/events", "https://collector.example?a", "t"])(
      "%s is refused with one warning, and sends nothing",
      async (endpoint) => {
        const { run } = await open("plain.html", { signals: [] });
        expect(await run(requestAll(endpoint))).toEqual({
          urls: [],
          warned: [expect.stringMatching(/as endpoint a URL like .* or a path like .*, without "\/v1\/events"/)],
          failures: [],
        });
      },
    );

    it("loses no event if its path is not found at first", async () => {
      const { run } = await open("plain.html", { signals: [] });
      const names = await run<string[]>(`
        globalThis.tracker.stop();
        const { fetch } = globalThis;
        const sent = [];
        let isConfigured = false;
        globalThis.fetch = async (url, options) => {
          if (!isConfigured)
            return Response.json({ error: { code: "not_found", message: "There is no POST /t/v1/events." } }, { status: 404 });
          sent.push(...JSON.parse(new TextDecoder().decode(options.body)).events);
          return fetch("/v1/events", options);
        };
        const other = sdk.createTracker({ key: "tm_found_00000000", endpoint: "/t" });
        other.track("first");
        await other.flush().catch(() => {});
        other.track("second");
        isConfigured = true;
        await other.flush();
        return sent.map(({ name }) => name);
      `);
      expect(names.toSorted()).toEqual(["first", "second"]);
    });
  });
});
