import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import * as platform from "../../packages/sdk/src/platform.ts";
import type { Tab } from "../browsers/browser.ts";
import { inEveryBrowser } from "../signals/in-every-browser.ts";
import type { Captured } from "../signals/test-site.ts";

const SDK = fileURLToPath(new URL("../../packages/sdk/src", import.meta.url));

/** Code that a page runs before the SDK is loaded, and after. */
interface Replacement {
  before?: string;
  after?: string;
}

/** The account of a measured page; see `pages/frames.js`. */
interface Measured {
  events: Captured[];
  urls: string[];
  warned: string[];
  uncaught: string[];
}

const measure = (tab: Tab, replacement: Replacement = {}) =>
  tab.run<Measured>(`return window.measureIn("/replaced.html", ${JSON.stringify(replacement)})`);

/** The parts of an account that do not depend on time and chance. */
const summaryOf = ({ events, urls, warned, uncaught }: Measured) => ({
  types: [...new Set(events.map(({ type }) => type))].filter((type) => !/dwell|scroll/.test(type)).sort(),
  clicks: events.flatMap((each) => (each.type === "click" ? [each.target] : [])),
  links: events.flatMap((each) => (each.type === "click" ? [each.link, each.text] : [])),
  submits: events.flatMap((each) => (each.type === "form_submit" ? [each.form] : [])),
  custom: events.flatMap((each) => (each.type === "custom" ? [each.properties] : [])),
  urls: urls.map((url) => new URL(url).pathname),
  warned,
  uncaught,
});

/** Most replacements in one measured page. */
const TOGETHER = 12;

/** The replacements of several, in one. */
const merged = (replacements: [name: string, Replacement][]): Replacement => ({
  before: replacements.map(([, { before = "" }]) => before).join("\n"),
  after: replacements.map(([, { after = "" }]) => after).join("\n"),
});

/**
 * Measures pages that have several of the replacements each, and returns the summaries that differ from that of an
 * ordinary page, by name. The replacements of a page that differs are measured one by one, which finds the cause.
 */
const differencesOf = async (tab: Tab, replacements: [name: string, Replacement][]) => {
  const expected = summaryOf(await measure(tab));
  expect(expected).toMatchObject({
    warned: [],
    uncaught: [],
    custom: [{ list: [1, [2]], at: "1970-01-01T00:00:00.000Z" }],
  });
  expect(expected.clicks).toHaveLength(3);
  expect(expected.types).toContain("web_vital");
  const differences: Record<string, unknown> = {};
  const compare = async (name: string, replacement: Replacement) => {
    const summary = summaryOf(await measure(tab, replacement));
    if (isDeepStrictEqual(summary, expected)) return true;
    differences[name] = summary;
    return false;
  };
  for (let first = 0; first < replacements.length; first += TOGETHER) {
    const group = replacements.slice(first, first + TOGETHER);
    const names = group.map(([name]) => name).join(", ");
    if (!(await compare(names, merged(group))))
      for (const [name, replacement] of group) await compare(name, replacement);
  }
  return differences;
};

/** Names that the SDK takes, and others that it or web-vitals would read from the window. */
const NAMES = [
  ...Object.keys(platform),
  ...["Element", "Node", "EventTarget", "Document", "Event", "URLSearchParams", "indexedDB", "localStorage"],
  ...["innerWidth", "innerHeight", "Zone", "globalThis", "self", "addEventListener", "removeEventListener"],
];

/** Members of elements and of the document that the SDK uses. */
const members = (): string[] => {
  const code = globSync(`${SDK}/**/*.ts`).map((path) => readFileSync(path, "utf8"));
  const uses = code.flatMap((text) => [...text.matchAll(/\b(?:read|call|write)\([^;]*?, "(\w+)"/g)]);
  return [...new Set(uses.map(([, name]) => `${name}`))];
};

/**
 * Gives the form of the page a field with a name, and the document an image with that name. The members that it uses
 * itself may be hidden already.
 */
const hideMember = (name: string): Replacement => ({
  before: `{
    const { createElement, querySelector } = Document.prototype;
    const add = (type, to) =>
      Node.prototype.appendChild.call(querySelector.call(document, to), createElement.call(document, type)).name = "${name}";
    add("input", "[data-tm=order]");
    add("img", "body");
  }`,
});

/** Gives the elements of the page a property of their own with a name. The form may have a field of that name. */
const ownMember = (name: string): Replacement => ({
  before: `for (const element of Document.prototype.querySelectorAll.call(document, "body :not(form)"))
    Object.defineProperty(element, "${name}", { value: "replaced" });`,
});

/** Changes that old libraries make to a page, such as Prototype.js 1.6 and MooTools 1.3, by name. */
const OLD_LIBRARIES: Record<string, string> = {
  "Array.prototype.toJSON": 'Array.prototype.toJSON = function () { return "[" + this.join() + "]"; };',
  "Array.from": "Array.from = (given) => [].slice.call(given);",
  reduce: "Array.prototype.reduce = function () { return this.length > 1 ? this : this[0]; };",
  forEach:
    "Array.prototype.forEach = function (run) { for (let index = 0; index < this.length; index += 1) run(index); };",
  entries: "Array.prototype.entries = Array.prototype.each = function () { return [...this]; };",
  Element: "window.Element = function () {}; window.Element.Methods = {};",
  Event: "window.Event = { KEY_TAB: 9 };",
  bind: "Function.prototype.bind = function (self) { return (...given) => this.apply(self, given); };",
};

describe("a page that replaces names of the platform", () => {
  inEveryBrowser(({ open }) => {
    it("is measured whatever names its scripts declare before the SDK is loaded", async () => {
      const tab = await open("frames.html");
      const declared = NAMES.map((name): [string, Replacement] => [name, { before: `const ${name} = "replaced";` }]);
      expect(await differencesOf(tab, declared)).toEqual({});
    });

    it("is measured whatever names it replaces after the SDK is loaded", async () => {
      const tab = await open("frames.html");
      const replaced = NAMES.map((name): [string, Replacement] => [name, { after: `window.${name} = "replaced";` }]);
      expect(await differencesOf(tab, replaced)).toEqual({});
    });

    it("is measured when an older script has given a common name to a variable, or an element has it as its id", async () => {
      const tab = await open("frames.html");
      const variables = ["URL", "navigation", "screen", "Event", "Element", "Node", "name", "status"];
      const ids = ["navigation", "fetchLater", "trustedTypes", "Temporal", "Zone", "addEventListener", "nodeType"];
      expect(
        await differencesOf(tab, [
          ...variables.map((name): [string, Replacement] => [name, { before: `var ${name} = "replaced";` }]),
          ...ids.map((id): [string, Replacement] => [
            `#${id}`,
            { before: `document.body.append(Object.assign(document.createElement("nav"), { id: "${id}" }));` },
          ]),
        ]),
      ).toEqual({});
    });

    it("is measured without web vitals, with one warning, when an older script has replaced what they need", async () => {
      const tab = await open("frames.html");
      const expected = summaryOf(await measure(tab));
      for (const name of ["performance", "isFinite", "requestAnimationFrame"])
        expect(summaryOf(await measure(tab, { before: `var ${name} = "replaced";` }))).toEqual({
          ...expected,
          types: expected.types.filter((type) => type !== "web_vital"),
          warned: [expect.stringContaining(`webVitals() measures nothing: the page has replaced ${name}`)],
        });
    });

    it("is measured whatever names the fields of its forms, its images and the properties of its elements have", async () => {
      const tab = await open("frames.html");
      // Not a member of elements, but a link has one, and so may a form and a document.
      const names = [...members(), "host"];
      expect(names).toEqual(expect.arrayContaining(["matches", "closest", "getAttribute", "title", "visibilityState"]));
      expect(
        await differencesOf(
          tab,
          names.flatMap((name): [string, Replacement][] => [
            [name, hideMember(name)],
            [`own ${name}`, ownMember(name)],
          ]),
        ),
      ).toEqual({});
    });

    it("is measured with the methods that old libraries give to built-in objects", async () => {
      const tab = await open("frames.html");
      const replaced = Object.entries(OLD_LIBRARIES).map(([name, code]): [string, Replacement] => [
        name,
        { before: code },
      ]);
      expect(await differencesOf(tab, replaced)).toEqual({});
    });
  });
});
