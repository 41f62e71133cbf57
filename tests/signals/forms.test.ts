import { describe, expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { inEveryBrowser } from "./in-every-browser.ts";
import { listenersLeftBy } from "./listeners.ts";
import { pass } from "./stopped-clock.ts";
import { captured } from "./test-site.ts";
import { untilIdle } from "./until-idle.ts";

const settings = { signals: ["pageViews", "forms"] };

const typeText = async (tab: Tab, text: string) => {
  for (const key of text) await tab.press(key);
};

type FormEvent = Record<string, unknown> & { type: string; view_id: string };

/** The form events of a tab so far, with the ids of elements. */
const formEvents = async (tab: Tab): Promise<FormEvent[]> => {
  const events = (await captured(tab)).filter(({ type }) => type.startsWith("form_"));
  return events.map(
    (event) =>
      Object.fromEntries(
        Object.entries(event).map(([name, value]) => [
          name,
          typeof value === "object" && "tag" in value ? value.id : value,
        ]),
      ) as FormEvent,
  );
};

/** The form events in short, with the id of the field or the form: `form_field name`, `form_start order`. */
const summary = async (tab: Tab) => (await formEvents(tab)).map(({ type, form, field }) => `${type} ${field ?? form}`);

describe("the signal forms", () => {
  inEveryBrowser(({ open, url }) => {
    const leavePage = (tab: Tab) => tab.goto(url("plain.html", { signals: ["clicks"] }));

    it("captures the start of a form, each field, the submit, and then no abandon", async () => {
      const tab = await open("forms.html", settings);
      await tab.click("#name");
      await typeText(tab, "MARK");
      await tab.click("#note");
      await tab.click("#gift");
      await tab.click("#send");
      await expect
        .poll(() => summary(tab))
        .toEqual(["form_start order", "form_field name", "form_field note", "form_field gift", "form_submit order"]);
      const [, name, note, gift, submit] = await formEvents(tab);
      expect(name).toMatchObject({ form: "order", field_type: "text", edits: 4 });
      expect(name?.first_edit_ms).toBeLessThanOrEqual(name?.focus_ms as number);
      expect(note).toMatchObject({ field_type: "textarea", edits: 0 });
      expect(note).not.toHaveProperty("first_edit_ms");
      expect(gift).toMatchObject({ field_type: "checkbox", edits: 1 });
      expect(submit).toMatchObject({ fields_edited: 2 });
      const focused = [name, note, gift].reduce((sum, field) => sum + (field?.focus_ms as number), 0);
      expect(submit?.since_start_ms).toBeGreaterThanOrEqual(focused - 5);
      await leavePage(tab);
      expect(await summary(tab)).toHaveLength(5);
    });

    it("measures the time of the focus and the time to the first edit", async () => {
      const tab = await open("forms.html", { ...settings, clock: "stopped" });
      await tab.click("#name");
      await pass(tab, 400);
      await typeText(tab, "M");
      await pass(tab, 300);
      await tab.press("Tab");
      const [, field] = await formEvents(tab);
      expect(field).toMatchObject({ first_edit_ms: 400, focus_ms: 700 });
    });

    it("describes the form and the field by their names in the markup, also for selects", async () => {
      const tab = await open("forms.html", settings);
      await tab.run("document.querySelector('#size').focus()");
      await tab.press("ArrowDown");
      await tab.press("Tab");
      const [start, field] = await captured(tab).then((all) => all.filter(({ type }) => type.startsWith("form_")));
      expect(start).toMatchObject({ form: { tag: "form", id: "order", name: "order", path: "#order" } });
      expect(field).toMatchObject({
        field: { tag: "select", id: "size", path: "#size" },
        field_type: "select",
        edits: 1,
      });
    });

    it("captures a submit by Enter, after its field, and by requestSubmit()", async () => {
      const tab = await open("forms.html", settings);
      await tab.click("#name");
      await typeText(tab, "M");
      await tab.press("Enter");
      await expect.poll(() => summary(tab)).toEqual(["form_start order", "form_field name", "form_submit order"]);
      await tab.run("document.querySelector('#order').requestSubmit()");
      const [again] = (await formEvents(tab)).slice(3);
      expect(again).toMatchObject({ type: "form_submit", form: "order", since_start_ms: 0, fields_edited: 0 });
    });

    it("delivers the events of a submit that leaves the page", async () => {
      const tab = await open("forms.html", settings);
      await tab.goto(`${await tab.run<string>("return location.href")}&leave`);
      await tab.click("#name");
      await typeText(tab, "M");
      await tab.press("Enter");
      await expect.poll(() => tab.run("return location.search")).toMatch(/name=M/);
      expect(await summary(tab)).toEqual(["form_start order", "form_field name", "form_submit order"]);
    });

    it("does not capture form.submit() as a submit: the form is abandoned", async () => {
      const tab = await open("forms.html", settings);
      await tab.click("#name");
      await tab.run("document.querySelector('#order').submit()");
      await expect.poll(() => summary(tab)).toEqual(["form_start order", "form_field name", "form_abandon order"]);
    });

    it("does not capture a submit that fails the browser's validation", async () => {
      const tab = await open("forms.html", settings);
      await tab.click("#required");
      await tab.click("#try");
      await tab.press("Tab");
      expect(await summary(tab)).not.toContain("form_submit strict");
      await tab.click("#required");
      await typeText(tab, "M");
      await tab.press("Enter");
      await expect.poll(() => summary(tab)).toContain("form_submit strict");
      expect((await summary(tab)).filter((each) => each === "form_start strict")).toHaveLength(1);
    });

    it("starts another attempt with the first edit after a submit", async () => {
      const tab = await open("forms.html", settings);
      await tab.click("#name");
      await typeText(tab, "M");
      await tab.press("Enter");
      await typeText(tab, "A");
      await tab.press("Enter");
      const attempt = ["form_start order", "form_field name", "form_submit order"];
      await expect.poll(() => summary(tab)).toEqual([...attempt, ...attempt]);
      expect((await formEvents(tab)).at(-1)).toMatchObject({ fields_edited: 1 });
    });

    it("captures an abandoned form once when the page is left, with its last field", async () => {
      const tab = await open("forms.html", settings);
      await tab.click("#name");
      await typeText(tab, "M");
      await tab.click("#note");
      await leavePage(tab);
      expect(await summary(tab)).toEqual([
        "form_start order",
        "form_field name",
        "form_field note",
        "form_abandon order",
      ]);
      expect((await formEvents(tab)).at(-1)).toMatchObject({ fields_edited: 1, last_field: "note" });
    });

    it("captures the field, and abandons no form, when the tab changes", async () => {
      const tab = await open("forms.html", settings);
      await tab.click("#name");
      await typeText(tab, "M");
      await open("plain.html", { signals: ["clicks"] });
      await expect.poll(() => summary(tab)).toEqual(["form_start order", "form_field name"]);
      await tab.front();
      await tab.click("#note");
      await tab.click("#send");
      await expect.poll(() => summary(tab)).toContain("form_submit order");
      const all = await summary(tab);
      expect(all.filter((each) => /start|abandon/.test(each))).toEqual(["form_start order"]);
      expect((await formEvents(tab)).at(-1)).toMatchObject({ fields_edited: 1 });
    });

    it("captures the field when the page is hidden, also where the browser keeps the focus", async () => {
      const tab = await open("forms.html", settings);
      await tab.run("document.addEventListener('focusout', (event) => event.stopImmediatePropagation(), true)");
      await tab.click("#name");
      // Like a browser that keeps the focus, and dispatches `visibilitychange` only.
      await tab.run(`
      const getter = Object.getOwnPropertyDescriptor(Document.prototype, "visibilityState");
      Object.defineProperty(Document.prototype, "visibilityState", { ...getter, get: () => "hidden" });
      document.dispatchEvent(new Event("visibilitychange"));
      Object.defineProperty(Document.prototype, "visibilityState", getter);
    `);
      expect(await summary(tab)).toEqual(["form_start order", "form_field name"]);
      await typeText(tab, "M");
      await tab.click("#note");
      await expect.poll(() => summary(tab)).toContain("form_field name");
      expect((await formEvents(tab)).filter(({ type }) => type === "form_start")).toHaveLength(1);
    });

    it("abandons a started form in the page view that a route ends, and starts again with the next edit", async () => {
      const tab = await open("forms.html", settings);
      await tab.click("#name");
      await typeText(tab, "M");
      await tab.run("history.pushState(null, '', '/elsewhere')");
      const ended = ["form_start order", "form_field name", "form_abandon order"];
      await expect.poll(() => summary(tab)).toEqual(ended);
      expect(new Set((await formEvents(tab)).map(({ view_id }) => view_id)).size).toBe(1);
      await typeText(tab, "A");
      await tab.press("Tab");
      await expect.poll(() => summary(tab)).toEqual([...ended, "form_start order", "form_field name"]);
      const [start, field] = (await formEvents(tab)).slice(3);
      expect(start?.view_id).not.toBe((await formEvents(tab))[0]?.view_id);
      expect(field).toMatchObject({ edits: 1, first_edit_ms: 0 });
    });

    it("does not abandon a form twice after a restore from the back-forward cache", async () => {
      const tab = await open("forms.html", settings);
      await tab.click("#name");
      await untilIdle(tab);
      await leavePage(tab);
      await tab.back();
      await tab.run("document.activeElement.blur(); dispatchEvent(new PageTransitionEvent('pagehide'))");
      const all = await summary(tab);
      const count = (type: string) => all.filter((each) => each.startsWith(type)).length;
      expect(count("form_abandon")).toBe(count("form_start"));
    });

    it("captures fields and submits in open shadow roots", async () => {
      const tab = await open("forms.html", settings);
      await tab.click("#host >>> #field");
      await typeText(tab, "M");
      await tab.press("Enter");
      const attempt = ["form_start within", "form_field field", "form_submit within"];
      await expect.poll(() => summary(tab)).toEqual(attempt);
      await leavePage(tab);
      expect(await summary(tab)).toEqual(attempt);
    });

    it("finds the form around a shadow root with a field, and the form that a field outside of it belongs to", async () => {
      const tab = await open("forms.html", settings);
      await tab.click("#inner >>> #field");
      await tab.click("#outside");
      await tab.run("document.activeElement.blur()");
      await expect
        .poll(() => summary(tab))
        .toEqual(["form_start around", "form_field field", "form_start order", "form_field outside"]);
      const fields = (await formEvents(tab)).filter(({ type }) => type === "form_field");
      expect(fields.map(({ form }) => form)).toEqual(["around", "order"]);
    });

    it("captures only form_field for a field outside of any form", async () => {
      const tab = await open("forms.html", settings);
      await tab.click("#lone");
      await typeText(tab, "M");
      await leavePage(tab);
      expect(await formEvents(tab)).toEqual([
        expect.objectContaining({ type: "form_field", form: "lone", field: "lone", field_type: "search", edits: 1 }),
      ]);
    });

    it("does not treat buttons as fields", async () => {
      const tab = await open("forms.html", settings);
      await tab.run("document.querySelector('#image').focus(); document.querySelector('#send').focus()");
      await tab.press("Tab");
      expect((await summary(tab)).filter((each) => !each.includes("outside"))).toEqual(["form_start order"]);
      expect(await summary(tab)).not.toContain("form_field image");
    });

    it("counts a field that is filled without the focus as edited, without a form_field", async () => {
      const tab = await open("forms.html", settings);
      await tab.click("#name");
      await tab.run(
        "document.querySelector('#note').dispatchEvent(new InputEvent('input', { bubbles: true, composed: true }))",
      );
      await typeText(tab, "M");
      await tab.press("Enter");
      await expect.poll(() => summary(tab)).toEqual(["form_start order", "form_field name", "form_submit order"]);
      expect((await formEvents(tab)).at(-1)).toMatchObject({ fields_edited: 2 });
    });

    it("never reports a value, nor the length of a password or card number", async () => {
      const tab = await open("forms.html", settings);
      for (const field of ["#name", "#password", "#card", "#note"]) {
        await tab.click(field);
        await typeText(tab, "MARKER");
      }
      await tab.click("#send");
      await expect.poll(() => summary(tab)).toContain("form_submit order");
      const fields = (await formEvents(tab)).filter(({ type }) => type === "form_field");
      expect(fields.map(({ field, field_type, edits }) => [field, field_type, edits])).toEqual([
        ["name", "text", 6],
        ["password", "password", 1],
        ["card", "text", 1],
        ["note", "textarea", 6],
      ]);
      expect(JSON.stringify(await captured(tab))).not.toContain("MARKER");
    });

    it("captures nothing inside data-tm-ignore, across shadow roots", async () => {
      const tab = await open("forms.html", settings);
      for (const field of ["#unseen", "#secret", "#ignored-host >>> #field"]) {
        await tab.click(field);
        await typeText(tab, "M");
        await tab.press("Enter");
      }
      await tab.click("#unsent");
      await leavePage(tab);
      // The form around the ignored field is not ignored itself: Enter submits it.
      expect(await formEvents(tab)).toEqual([
        expect.objectContaining({ type: "form_submit", form: "order", fields_edited: 0 }),
      ]);
    });

    it("throws nothing in a page whose fields have names of form properties", async () => {
      const tab = await open("forms.html", settings);
      await tab.click("#clobber");
      await typeText(tab, "M");
      await tab.press("Enter");
      expect(await tab.run("return failures")).toEqual([]);
    });

    it("leaves no listener, not even on a form with an attempt in progress", async () => {
      const tab = await open("forms.html", { signals: ["clicks"] });
      const act = `
      document.querySelector("#host").shadowRoot.querySelector("#field").focus();
      document.querySelector("#name").focus();
      if (emitted.filter((type) => type === "form_start").length !== 2) return ["the forms did not start"];
    `;
      expect(await listenersLeftBy(tab, "forms", act)).toEqual([]);
    });
  });
});
