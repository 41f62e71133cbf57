import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { inEveryBrowser } from "../signals/in-every-browser.ts";

/** Runs a script in the page that has the tracker: the page itself, or a frame of it. */
type Run = <R>(script: string) => Promise<R>;

const inFrame =
  ({ run }: Tab): Run =>
  (script) =>
    run(`return runInFrame(${JSON.stringify(script)})`);

/** Refuses, clicks and tracks. Returns what the page captured, sent and asked for before and after it. */
const REFUSE = `
  // A page that has just come into view may have sent its batches again.
  requests.length = 0;
  const before = [captured.length, sent.length];
  tracker.consent("denied");
  document.querySelector("#button").click();
  tracker.track("later");
  tracker.identify("ada");
  await tracker.flush().catch(() => {});
  // The failures of storage, and the rejections that they cause, follow within some tasks.
  for (let task = 0; task < 5; task += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  return { before, after: [captured.length, sent.length], failures, paths: requests.map(([path]) => path.split("?")[0]) };
`;

/** Scripts that make one step of the deletion fail, by the step. */
const FAULTS = {
  "the database cannot be opened": `IDBFactory.prototype.open = () => { throw new Error("no") };`,
  "the opening of the database fails later": `IDBFactory.prototype.open = () => {
    const request = new EventTarget();
    setTimeout(() => request.onerror?.(new Event("error")));
    return Object.assign(request, { error: new Error("no") });
  };`,
  "the database cannot be used": `IDBDatabase.prototype.transaction = () => { throw new Error("no") };`,
  "the database cannot be deleted": `IDBFactory.prototype.deleteDatabase = () => { throw new Error("no") };`,
  "there is no IndexedDB": `Object.defineProperty(window, "indexedDB", { value: undefined });`,
  "localStorage is forbidden": `Object.defineProperty(window, "localStorage", { get() { throw new Error("no") } });`,
  "sessionStorage is forbidden": `Object.defineProperty(window, "sessionStorage", { get() { throw new Error("no") } });`,
  "cookies are forbidden": `Object.defineProperty(document, "cookie", {
    configurable: true, get() { throw new Error("no") }, set() { throw new Error("no") },
  });`,
  "no request can be sent": `window.fetch = () => { throw new Error("no") };`,
  "a listener of the page fails": `const { on } = tracker; on("report", () => { throw new Error("no") });`,
};

let key: string;
const startIn = (run: Run, options: string) => run<void>(`start({ key: "${key}", ...${options} })`);

describe("a refusal", () => {
  inEveryBrowser(({ open, url }) => {
    beforeEach(() => {
      key = `tm_test_${randomUUID().replaceAll("-", "")}`;
    });

    it.each(Object.entries(FAULTS))("holds, and deletes everything else, if %s", async (step, fault) => {
      const { run } = await open("consent.html");
      const prepare = `const { localStorage, sessionStorage, fetch } = window; window.real = { localStorage, sessionStorage, fetch };`;
      // Some faults are there before the tracker starts, others come while it measures.
      for (const isEarly of [true, false]) {
        await run(isEarly ? `${prepare} window.tracker = { on() {} }; ${fault}` : "return");
        await startIn(run, `{ cookie: true, identityStore: sdk.acrossSubdomains("127.0.0.1") }`);
        await run(`tracker.track("one"); await tracker.flush().catch(() => {}); ${isEarly ? "" : fault}`);
        const { before, after, failures, paths } = await run<Record<string, unknown[]>>(REFUSE);
        expect(before?.[0]).toBeGreaterThan(0);
        expect(after).toEqual(before);
        expect(failures).toEqual([]);
        if (!step.includes("request")) expect(paths).toEqual(["/v1/forget"]);
        const left = `return [real.localStorage, real.sessionStorage].flatMap(Object.keys).filter((name) => name.includes("${key}"))`;
        if (!/Storage/.test(step)) expect(await run(left)).toEqual([]);
      }
    });

    it.each(["localStorage", "a cookie of the domain"])(
      "holds in a frame without an origin, where storage throws, with the identity in %s",
      async (store) => {
        const tab = await open("sandboxed.html");
        const run = inFrame(tab);
        await startIn(
          run,
          `{ cookie: true, endpoint: "${new URL(url("")).origin}",
          identityStore: ${store === "localStorage" ? undefined : `sdk.acrossSubdomains("127.0.0.1")`} }`,
        );
        await run(`window.isDown = true; tracker.track("one"); await tracker.flush().catch(() => {})`);
        const { before, after, failures, paths } = await run<Record<string, unknown[]>>(REFUSE);
        expect(before?.[0]).toBeGreaterThan(0);
        expect(after).toEqual(before);
        expect(failures).toEqual([]);
        expect(paths).toEqual(["/v1/forget"]);
      },
    );

    it("sends no batch that the page is still recovering, and leaves nothing on the device", async () => {
      const { goto, run } = await open("consent.html");
      for (const tasks of [0, 1, 2, 5]) {
        await goto(url("consent.html"));
        await startIn(run, "{}");
        await run(`window.isDown = true; tracker.track("one"); await tracker.flush().catch(() => {});`);
        // In WebKit 2.50, a page that is left while it creates a database sometimes bars every later page from deleting it.
        await expect.poll(() => run(`return (await stored("tidemark.${key}")).databases`)).toHaveLength(1);
        await run(`await whenIdle("tidemark.${key}")`);
        await goto(url("consent.html"));
        await startIn(run, "{}");
        await run(
          `for (let task = 0; task < ${tasks}; task += 1) await new Promise((resolve) => setTimeout(resolve));`,
        );
        const { before, after, failures } = await run<Record<string, unknown[]>>(REFUSE);
        expect([after, failures]).toEqual([before, []]);
        await expect
          .poll(() => run(`return stored("tidemark.${key}")`))
          .toEqual({ local: [], session: [], databases: [] });
      }
    });

    it("sends no batch that is being compressed", async () => {
      const { run } = await open("consent.html");
      await startIn(run, `{ compress: (body) => new Promise((resolve) => { window.finish = () => resolve(body); }) }`);
      await run(`tracker.track("one"); void tracker.flush().catch(() => {}); window.isFlushed = true`);
      const { before, after, failures } = await run<Record<string, unknown[]>>(
        REFUSE.replace(`.querySelector("#button").click();`, `.querySelector("#button").click(); window.finish();`),
      );
      expect([before?.[1], after, failures]).toEqual([0, before, []]);
    });

    it("leaves nothing on the device if the page refuses while it is being left", async () => {
      const { run } = await open("consent.html");
      await startIn(run, "{}");
      await run(`await tracker.flush();
        window.isDown = true;
        tracker.track("one");
        addEventListener("pagehide", () => tracker.consent("denied"));
        dispatchEvent(new PageTransitionEvent("pagehide"));`);
      await expect
        .poll(() => run(`return stored("tidemark.${key}")`))
        .toEqual({ local: [], session: [], databases: [] });
    });

    it("ends the session: later events have other ids, also those that wait for the next answer", async () => {
      const { run } = await open("consent.html");
      await startIn(run, "{}");
      await run(
        `tracker.track("one"); await tracker.flush(); window.before = tracker.sessionId; tracker.consent("denied")`,
      );
      expect(await run("return tracker.sessionId")).toBe("");
      await run(`tracker.consent("pending"); tracker.track("held"); tracker.consent("granted"); await tracker.flush()`);
      const [first, last] = await run<{ anonymous_id: string; session_id: string }[]>("return [sent[0], sent.at(-1)]");
      expect(last?.anonymous_id).not.toBe(first?.anonymous_id);
      expect(last?.session_id).not.toBe(first?.session_id);
    });

    it("ends a flush of several batches after the request under way", async () => {
      const { run } = await open("consent.html");
      await startIn(run, "{}");
      const begun = await run(`
        await tracker.flush();
        const { fetch } = window;
        const answers = [];
        window.fetch = (...request) => new Promise((resolve) => answers.push(() => resolve(fetch(...request))));
        for (const user of ["ada", "eve", "kim"]) tracker.identify(user);
        const flushed = tracker.flush().catch(() => {});
        tracker.consent("denied");
        answers[0]();
        await flushed;
        return [answers.length, failures];
      `);
      expect(begun).toEqual([1, []]);
    });

    it("holds in a stopped tracker, of which one signal does not stop", async () => {
      const { run } = await open("consent.html");
      // The signals stop in reverse order.
      await startIn(
        run,
        `{ signals: [() => () => { window.isStopped = true; }, () => () => { throw new Error("no") }, sdk.clicks()] }`,
      );
      await run(`tracker.track("one"); await tracker.flush(); tracker.stop();`);
      expect(await run("return window.isStopped")).toBe(true);
      const { before, after, failures } = await run<Record<string, unknown[]>>(REFUSE);
      expect([after, failures]).toEqual([before, []]);
      await expect
        .poll(() => run(`return stored("tidemark.${key}")`))
        .toEqual({ local: [], session: [], databases: [] });
    });
  });
});
