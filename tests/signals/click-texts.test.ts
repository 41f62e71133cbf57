import { describe, expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { inEveryBrowser } from "./in-every-browser.ts";
import { capturedOf } from "./test-site.ts";

const settings = { signals: ["clicks"], options: { clicks: { enrichments: ["sdk.clickTexts", "sdk.clickNames"] } } };

/** Parts of an element whose text no click may report. */
const HIDDEN_PARTS: Record<string, string> = {
  "a text area": "<textarea>secret</textarea>",
  "a select": "<select><option>secret</option></select>",
  "editable content": '<b contenteditable="true">secret</b>',
  "a script": "<script type='text/plain'>secret</script>",
  "a style sheet": "<style>secret { color: red }</style>",
  "a noscript element": "<noscript>secret</noscript>",
  "a template": "<template>secret</template>",
  "a hidden element": "<b hidden>secret</b>",
  "an element that is not displayed": '<b style="display: none">secret</b>',
  "an invisible element": '<b style="visibility: hidden">secret</b>',
  "a masked element": "<b data-tm-mask>secret</b>",
  "an ignored element": "<b data-tm-ignore>secret</b>",
};

/** Creates the text of a large element. */
const LARGE: Record<string, string> = {
  "100 KB without spaces": 'element.textContent = "x".repeat(1e5);',
  "10 MB": 'element.textContent = "word ".repeat(2e6);',
  "10 MB of spaces": 'element.textContent = " ".repeat(1e7);',
  "50,000 nodes": "for (let n = 0; n < 5e4; n += 1) element.append(document.createElement('b'));",
  "50,000 nodes, with a name":
    "element.title = 'Name'; for (let n = 0; n < 5e4; n += 1) element.append(document.createElement('b'));",
  "500 nodes, one in the other":
    "for (let n = 0, at = element; n < 500; n += 1) at = at.appendChild(document.createElement('b'));",
};

/** Members that visit every node of an element, or make the browser compute the layout of the page. */
const UNBOUNDED = [
  ["Element", ["querySelector", "querySelectorAll", "getElementsByTagName", "getElementsByClassName"]],
  ["Element", ["getBoundingClientRect", "getClientRects", "checkVisibility", "scrollHeight", "clientHeight"]],
  ["HTMLElement", ["innerText", "offsetWidth", "offsetHeight", "offsetParent"]],
  ["Node", ["textContent", "isEqualNode"]],
];

/** The parts of the page that a click's enrichments have read. */
interface Visited {
  characters: number;
  nodes: number;
  unbounded: string[];
}

describe("the text of a click", () => {
  inEveryBrowser(({ open }) => {
    const click = async (tab: Tab, prepare: string) => {
      await tab.run(`
        const element = document.createElement("div");
        ${prepare}
        document.body.append(element);
        element.dispatchEvent(new MouseEvent("click", { bubbles: true }));
      `);
      return (await capturedOf(tab, "click")).at(-1);
    };

    it("has the words around fields, hidden, masked and ignored parts, and none of theirs", async () => {
      const tab = await open("clicks.html", settings);
      for (const [name, html] of Object.entries(HIDDEN_PARTS)) {
        const event = await click(tab, `element.innerHTML = ${JSON.stringify(`Before <i>${html}</i> after`)};`);
        expect(event, name).toMatchObject({ text: "Before after", label: "Before after" });
      }
    });

    it("is masked word by word, also where an element divides a mail address", async () => {
      const tab = await open("clicks.html", settings);
      const event = await click(tab, `element.innerHTML = "Call ada@<b>example.com</b> on 12 May";`);
      expect(event?.text).toBe("Call *** on ## May");
    });

    it("is read once, from at most 4,000 characters and 200 nodes, without a search or a layout by the browser", async () => {
      const tab = await open("clicks.html", settings);
      await tab.run(`
        window.read = { characters: 0, nodes: 0, unbounded: [] };
        const wrap = (prototype, name, count) => {
          const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
          const part = "get" in descriptor ? "get" : "value";
          const wrapped = descriptor[part];
          Object.defineProperty(prototype, name, {
            ...descriptor,
            [part]: function (...args) {
              const result = wrapped.apply(this, args);
              count(result);
              return result;
            },
          });
        };
        const visit = (node) => { if (node) read.nodes += 1; };
        wrap(CharacterData.prototype, "substringData", (text) => { read.characters += text.length; });
        wrap(Node.prototype, "firstChild", visit);
        wrap(Node.prototype, "nextSibling", visit);
        wrap(TreeWalker.prototype, "nextNode", visit);
        for (const [prototype, names] of ${JSON.stringify(UNBOUNDED)})
          for (const name of names) wrap(window[prototype].prototype, name, () => read.unbounded.push(name));
      `);
      for (const [name, prepare] of Object.entries(LARGE)) {
        await tab.run("read.characters = read.nodes = 0");
        const event = await click(tab, prepare);
        expect(event?.text?.length, name).toBeLessThanOrEqual(100);
        const { characters, nodes, unbounded } = await tab.run<Visited>("return read");
        expect(unbounded, name).toEqual([]);
        expect(characters, name).toBeLessThanOrEqual(4_000);
        // A name is checked and the text is read separately.
        expect(nodes, name).toBeLessThanOrEqual(402);
      }
    });

    it("takes the place of the name that a large element has, because a part of it may be masked", async () => {
      const tab = await open("clicks.html", settings);
      const fill = (count: number) => `
        element.title = "Name";
        element.textContent = "Some text ";
        for (let n = 0; n < ${count}; n += 1) element.append(document.createElement("b"));
      `;
      expect((await click(tab, fill(200)))?.label).toBe("Name");
      expect((await click(tab, fill(201)))?.label).toBe("Some text");
    });
  });
});
