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
  "500 nodes, one in the other":
    "for (let n = 0, at = element; n < 500; n += 1) at = at.appendChild(document.createElement('b'));",
};

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

    it("is read from at most 4,000 characters and 200 nodes", async () => {
      const tab = await open("clicks.html", settings);
      await tab.run(`
        window.read = { characters: 0, nodes: 0 };
        const { substringData } = CharacterData.prototype;
        CharacterData.prototype.substringData = function (...range) {
          const text = substringData.apply(this, range);
          read.characters += text.length;
          return text;
        };
        const descriptor = Object.getOwnPropertyDescriptor(Node.prototype, "nextSibling");
        Object.defineProperty(Node.prototype, "nextSibling", { ...descriptor, get() { read.nodes += 1; return descriptor.get.call(this); } });
      `);
      for (const [name, prepare] of Object.entries(LARGE)) {
        await tab.run("read.characters = read.nodes = 0");
        const event = await click(tab, prepare);
        expect(event?.text?.length, name).toBeLessThanOrEqual(100);
        const { characters, nodes } = await tab.run<{ characters: number; nodes: number }>("return read");
        // Text and name are read separately.
        expect(characters, name).toBeLessThanOrEqual(8_000);
        expect(nodes, name).toBeLessThanOrEqual(500);
      }
    });
  });
});
