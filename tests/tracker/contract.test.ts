import { batch, type Event, event, type View } from "@tidemark/schema";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { inEveryBrowser } from "../signals/in-every-browser.ts";

/** A batch as a page has sent it. */
interface SentBatch {
  events: Event[];
  views: View[];
}

/** Names of the elements in `PAGE`, and the objects around them. */
const TARGETS = ["button", "link", "field", "area", "form", "player", "editor", "long", "document", "window"];

/** Elements of every kind that a signal observes. `long`: every name is longer than the contract allows. */
const PAGE = `
  const names = "ø".repeat(99) + "😀".repeat(200);
  const tag = "x-" + "e".repeat(100);
  document.body.insertAdjacentHTML("beforeend", \`<div id="page">
    <button>Button</button><a href="/other.pdf?\${"q".repeat(3000)}" download>Link</a>
    <form><input type="text" data-tm-dwell><textarea></textarea></form>
    <x-player></x-player><x-editor contenteditable></x-editor>
    <\${tag}><\${tag}><\${tag}><\${tag} data-tm-dwell></\${tag}></\${tag}></\${tag}></\${tag}></div>\`);
  const [button, link, form, field, area, player, editor] =
    ["button", "a", "form", "input", "textarea", "x-player", "x-editor"].map((each) => document.querySelector("#page " + each));
  const long = document.querySelector("#page [data-tm-dwell]:empty:not(input)");
  const nameAll = (element) => {
    for (const name of ["id", "data-tm", "role", "aria-label"]) element.setAttribute(name, names);
  };
  // A page that is left ends the test. Firefox submits a form even for a submit event of a script.
  for (const type of ["click", "auxclick", "submit"]) document.addEventListener(type, (event) => event.preventDefault());
  link.href = "/" + "p".repeat(3000) + ".pdf";
`;

/** Starts a tracker with every signal and enrichment in place of the page's own, and collects the batches that it sends. */
const start = (options: { idleAfter: string }) => `
  window.sent = [];
  window.stopContract?.();
  const contract = sdk.createTracker({
    key: "tm_test_11111111", endpoint: location.origin, cookieless: true,
    signals: [
      (context) => ((window.context = context), () => {}),
      sdk.pageViews({ enrichments: [sdk.deviceDetails] }),
      sdk.clicks({ enrichments: [sdk.clickLinks, sdk.clickNames, sdk.clickTexts] }),
      (context) => sdk.clicks({ evidence: sdk.clickEvidence() })(context),
      sdk.hovers({ intentAfter: -1 }),
      sdk.scrollDepth({ enrichment: sdk.readingDetails() }),
      sdk.dwell({ idleAfter: ${options.idleAfter} }),
      sdk.elementDwell(), sdk.media(), sdk.forms(), sdk.selections(), sdk.errors(), sdk.webVitals(),
    ],
  });
  contract.on("sent", (batch) => sent.push(JSON.parse(JSON.stringify(batch))));
  window.stopContract = contract.stop;
`;

/** The source of any value that a page can pass. */
const anyValue = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom("NaN", "Infinity", "-Infinity", "1e300", "-1e300", "1e-300", "-1", "0.5", "1"),
  },
  fc.constantFrom(
    "undefined",
    "null",
    "true",
    "false",
    "''",
    "'mouse'",
    "'audio'",
    "1n",
    "Symbol('s')",
    "() => {}",
    "[]",
  ),
  fc.constantFrom("'x'.repeat(5000)", "'😀'.repeat(500)", "'\\ud800'", "new Map([[1, 2]])", "document.body", "window"),
  fc.constantFrom("({ a: 1, get b() { throw 1; } })", "({ a: { b: { c: { d: { e: { f: 1 } } } } } })", "new Date(NaN)"),
  fc.anything({ maxDepth: 3 }).map((value) => `(${fc.stringify(value)})`),
);

const properties = fc.oneof(
  anyValue,
  fc
    .array(fc.tuple(fc.string({ maxLength: 110 }), anyValue), { maxLength: 5 })
    .map((entries) => `({${entries.map(([name, value]) => `[${JSON.stringify(name)}]: ${value}`).join()}})`),
);

const record = (names: string[]) =>
  fc.dictionary(fc.constantFrom(...names), anyValue, { maxKeys: 6 }).map(
    (fields) =>
      `({${Object.entries(fields)
        .map(([name, value]) => `${JSON.stringify(name)}: ${value}`)
        .join()}})`,
  );

const EVENTS = [
  ..."click auxclick pointerover pointermove pointerout scroll focusin focusout input submit keydown wheel".split(" "),
  ..."playing pause seeking seeked ratechange timeupdate ended emptied copy cut mousedown mouseup keyup".split(" "),
  ..."selectionchange error unhandledrejection tidemark:player".split(" "),
];
const EVENT_FIELDS = [
  ..."clientX clientY pageX pageY button pointerType shiftKey ctrlKey relatedTarget error reason".split(" "),
];
const PLAYER_FIELDS = "currentTime duration playbackRate paused ended seeking loop muted volume kind".split(" ");
const FIELD_FIELDS = ["selectionStart", "selectionEnd", "type", "autocomplete", "value"];
const VIEW_FIELDS = [
  ..."path canonical_url title referrer language time_zone viewport_width viewport_height screen_width".split(" "),
  ..."screen_height connection color_scheme url view_id started_at constructor unknown".split(" "),
];

const setAll = (target: string, fields: string) => `
  for (const [name, value] of Object.entries(${fields}))
    Object.defineProperty(${target}, name, { value, configurable: true, writable: true });`;

/** The source of anything that a page can do. */
const anyAction = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(fc.constantFrom(...TARGETS), fc.constantFrom(...EVENTS), record(EVENT_FIELDS)).map(
      ([target, type, fields]) => `
          const event = new Event("${type}", { bubbles: true, cancelable: true, composed: true });
          ${setAll("event", fields)}
          ${target}.dispatchEvent(event);`,
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(record(PLAYER_FIELDS), fc.constantFrom("playing", "timeupdate", "pause", "ended")).map(
      ([fields, type]) => `
        Object.assign(player, { currentTime: 0, paused: false, ended: false });
        player.dispatchEvent(new Event("playing"));
        ${setAll("player", fields)}
        player.dispatchEvent(new Event("${type}"));`,
    ),
  },
  record(PLAYER_FIELDS).map((fields) => `sdk.reportMedia(long, { currentTime: 0, paused: false, ...${fields} });`),
  record(FIELD_FIELDS).map(
    (fields) => `${setAll("editor", fields)} editor.dispatchEvent(new Event("copy", { bubbles: true }));`,
  ),
  fc.tuple(anyValue, properties).map(([name, given]) => `contract.track(${name}, ${given});`),
  fc
    .tuple(anyValue, properties, anyValue)
    .map(([id, traits, token]) => `contract.identify(${id}, ${traits}, ${token});`),
  properties.map((given) => `contract.page(${given});`),
  fc
    .tuple(record(VIEW_FIELDS), properties)
    .map(([fields, given]) => `context.beginView("manual", ${fields}, ${given}); contract.track("in view");`),
  fc
    .oneof(record(["measurement", "personalisation", "other"]), anyValue)
    .map((answer) => `contract.consent(${answer}); contract.consent({ measurement: "granted" });`),
  fc.constantFrom(
    "history.pushState(0, '', '/plain.html?utm_source=' + 'ø'.repeat(3000));",
    "document.title = '😀'.repeat(400);",
    "nameAll(long); long.click();",
    "field.focus(); field.dispatchEvent(new Event('input', { bubbles: true })); field.blur();",
    "getSelection().selectAllChildren(document.body); document.dispatchEvent(new Event('copy'));",
    "window.dispatchEvent(new ErrorEvent('error', { error: new (class extends Error { static name = 'E'.repeat(300); })() }));",
    "contract.flush().catch(() => {});",
  ),
);

/** Runs actions in a page, each by itself, and returns what the tracker has sent. */
const sentAfter = (tab: Tab, actions: string[], idleAfter = "5000"): Promise<SentBatch[]> =>
  tab.run(`
    const { warn } = console;
    console.warn = () => {};
    document.querySelector("#page")?.remove();
    ${PAGE}
    ${start({ idleAfter })}
    ${actions.map((action) => `try { ${action} } catch {}`).join("\n")}
    await new Promise((resolve) => setTimeout(resolve));
    await contract.flush().catch(() => {});
    contract.stop();
    await contract.flush().catch(() => {});
    console.warn = warn;
    return sent;
  `);

const violationsOf = (sent: SentBatch[]): string[] =>
  sent.flatMap(({ events, ...envelope }) => [
    ...(batch.safeParse({ key: "tm_test_11111111", sent_at: 0, ...envelope, events }).error?.issues ?? []).map(
      ({ path, message }) => `${path.join(".")}: ${message}`,
    ),
    ...events.flatMap((each) => {
      const { error } = event.safeParse(each);
      return error ? [`${JSON.stringify(each).slice(0, 300)}: ${error.message}`] : [];
    }),
  ]);

describe("what a page sends", () => {
  inEveryBrowser(({ open }) => {
    it("fits the contract, whatever the page passes, dispatches and changes", async () => {
      const tab = await open("plain.html", { signals: [] });
      await expect.poll(() => tab.run("return document.readyState")).toBe("complete");
      const types = new Set<string>();
      await fc.assert(
        fc.asyncProperty(
          anyValue,
          fc.array(anyAction, { minLength: 20, maxLength: 40 }),
          async (idleAfter, actions) => {
            const sent = await sentAfter(tab, actions, idleAfter);
            expect(violationsOf(sent)).toEqual([]);
            for (const { type } of sent.flatMap(({ events }) => events)) types.add(type);
          },
        ),
        // Each step of shrinking would take as long as a run.
        { numRuns: 20, endOnFailure: true },
      );
      expect([...types]).toEqual(expect.arrayContaining(["click", "custom", "page_view", "video_play", "selection"]));
    });
  });
});
