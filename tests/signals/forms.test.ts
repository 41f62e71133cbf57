import { expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { inEveryBrowser } from "./in-every-browser.ts";
import { listenersLeftBy } from "./listeners.ts";
import { captured } from "./test-site.ts";
import { untilIdle } from "./until-idle.ts";

const measuring = { signals: ["pageViews", "forms"] };

const type = async (tab: Tab, text: string) => {
  for (const key of text) await tab.press(key);
};

type Told = Record<string, unknown> & { type: string; view_id: string };

/** What was told of forms so far, elements by their ids. */
const told = async (tab: Tab): Promise<Told[]> => {
  const events = (await captured(tab)).filter(({ type }) => type.startsWith("form_"));
  return events.map(
    (event) =>
      Object.fromEntries(
        Object.entries(event).map(([name, value]) => [
          name,
          typeof value === "object" && "tag" in value ? value.id : value,
        ]),
      ) as Told,
  );
};

/** The same in short: `form_field name` for a field, `form_start order` for the rest. */
const story = async (tab: Tab) => (await told(tab)).map(({ type, form, field }) => `${type} ${field ?? form}`);

inEveryBrowser(({ open, url }) => {
  const leave = (tab: Tab) => tab.goto(url("plain.html", { signals: ["clicks"] }));

  it("tells the story of a form: its start, each field that was left, its submit, and then no abandon", async () => {
    const tab = await open("forms.html", measuring);
    await tab.click("#name");
    await type(tab, "MARK");
    await tab.click("#note");
    await tab.click("#gift");
    await tab.click("#send");
    await expect
      .poll(() => story(tab))
      .toEqual(["form_start order", "form_field name", "form_field note", "form_field gift", "form_submit order"]);
    const [, name, note, gift, submit] = await told(tab);
    expect(name).toMatchObject({ form: "order", field_type: "text", edits: 4 });
    expect(name?.first_edit_ms).toBeLessThanOrEqual(name?.focus_ms as number);
    expect(note).toMatchObject({ field_type: "textarea", edits: 0 });
    expect(note).not.toHaveProperty("first_edit_ms");
    expect(gift).toMatchObject({ field_type: "checkbox", edits: 1 });
    expect(submit).toMatchObject({ fields_edited: 2 });
    const focused = [name, note, gift].reduce((sum, field) => sum + (field?.focus_ms as number), 0);
    expect(submit?.since_start_ms).toBeGreaterThanOrEqual(focused - 5);
    await leave(tab);
    expect(await story(tab)).toHaveLength(5);
  });

  it("measures how long a field had the focus and when it was first edited", async () => {
    const tab = await open("forms.html", measuring);
    const pause = (ms: number) => tab.run(`await new Promise((resolve) => setTimeout(resolve, ${ms}))`);
    await tab.click("#name");
    await pause(400);
    await type(tab, "M");
    await pause(400);
    await tab.press("Tab");
    const [, field] = await told(tab);
    expect(field?.first_edit_ms).toBeGreaterThanOrEqual(400);
    expect(field?.first_edit_ms).toBeLessThan(1_500);
    expect(field?.focus_ms).toBeGreaterThanOrEqual((field?.first_edit_ms as number) + 400);
  });

  it("describes the form and the field by what the author named them, and knows selects", async () => {
    const tab = await open("forms.html", measuring);
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

  it("hears a submit by Enter, in the field that is left by it, and by requestSubmit()", async () => {
    const tab = await open("forms.html", measuring);
    await tab.click("#name");
    await type(tab, "M");
    await tab.press("Enter");
    await expect.poll(() => story(tab)).toEqual(["form_start order", "form_field name", "form_submit order"]);
    await tab.run("document.querySelector('#order').requestSubmit()");
    const [again] = (await told(tab)).slice(3);
    expect(again).toMatchObject({ type: "form_submit", form: "order", since_start_ms: 0, fields_edited: 0 });
  });

  it("delivers what a submit that leaves the page tells last", async () => {
    const tab = await open("forms.html", measuring);
    await tab.goto(`${await tab.run<string>("return location.href")}&leave`);
    await tab.click("#name");
    await type(tab, "M");
    await tab.press("Enter");
    await expect.poll(() => tab.run("return location.search"), { timeout: 10_000 }).toMatch(/name=M/);
    expect(await story(tab)).toEqual(["form_start order", "form_field name", "form_submit order"]);
  });

  it("hears nothing of form.submit() by script: the form is abandoned", async () => {
    const tab = await open("forms.html", measuring);
    await tab.click("#name");
    await tab.run("document.querySelector('#order').submit()");
    await expect
      .poll(() => story(tab), { timeout: 10_000 })
      .toEqual(["form_start order", "form_field name", "form_abandon order"]);
  });

  it("counts no submit that the browser's validation refuses", async () => {
    const tab = await open("forms.html", measuring);
    await tab.click("#required");
    await tab.click("#try");
    await tab.press("Tab");
    expect(await story(tab)).not.toContain("form_submit strict");
    await tab.click("#required");
    await type(tab, "M");
    await tab.press("Enter");
    await expect.poll(() => story(tab)).toContain("form_submit strict");
    expect((await story(tab)).filter((each) => each === "form_start strict")).toHaveLength(1);
  });

  it("begins another attempt with the first edit after a submit", async () => {
    const tab = await open("forms.html", measuring);
    await tab.click("#name");
    await type(tab, "M");
    await tab.press("Enter");
    await type(tab, "A");
    await tab.press("Enter");
    const attempt = ["form_start order", "form_field name", "form_submit order"];
    await expect.poll(() => story(tab)).toEqual([...attempt, ...attempt]);
    expect((await told(tab)).at(-1)).toMatchObject({ fields_edited: 1 });
  });

  it("tells once what was abandoned when the page is left, and of which field last", async () => {
    const tab = await open("forms.html", measuring);
    await tab.click("#name");
    await type(tab, "M");
    await tab.click("#note");
    await leave(tab);
    expect(await story(tab)).toEqual(["form_start order", "form_field name", "form_field note", "form_abandon order"]);
    expect((await told(tab)).at(-1)).toMatchObject({ fields_edited: 1, last_field: "note" });
  });

  it("abandons nothing with a change of tab, but the field is left", async () => {
    const tab = await open("forms.html", measuring);
    await tab.click("#name");
    await type(tab, "M");
    await open("plain.html", { signals: ["clicks"] });
    await expect.poll(() => story(tab)).toEqual(["form_start order", "form_field name"]);
    await tab.front();
    await tab.click("#note");
    await tab.click("#send");
    await expect.poll(() => story(tab)).toContain("form_submit order");
    const all = await story(tab);
    expect(all.filter((each) => /start|abandon/.test(each))).toEqual(["form_start order"]);
    expect((await told(tab)).at(-1)).toMatchObject({ fields_edited: 1 });
  });

  it("leaves the field when the page is hidden, also where the browser does not say so", async () => {
    const tab = await open("forms.html", measuring);
    await tab.run("document.addEventListener('focusout', (event) => event.stopImmediatePropagation(), true)");
    await tab.click("#name");
    // As in a browser that keeps the focus: nothing is heard but the page being hidden.
    await tab.run(`
      Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
      delete document.visibilityState;
    `);
    expect(await story(tab)).toEqual(["form_start order", "form_field name"]);
    await type(tab, "M");
    await tab.click("#note");
    await expect.poll(() => story(tab)).toContain("form_field name");
    expect((await told(tab)).filter(({ type }) => type === "form_start")).toHaveLength(1);
  });

  it("abandons what was started when a route ends the view, in that view; the focus begins anew with an edit", async () => {
    const tab = await open("forms.html", measuring);
    await tab.click("#name");
    await type(tab, "M");
    await tab.run(
      "history.pushState(null, '', '/elsewhere'); await new Promise((resolve) => setTimeout(resolve, 100))",
    );
    const ended = ["form_start order", "form_field name", "form_abandon order"];
    expect(await story(tab)).toEqual(ended);
    expect(new Set((await told(tab)).map(({ view_id }) => view_id)).size).toBe(1);
    await type(tab, "A");
    await tab.press("Tab");
    await expect.poll(() => story(tab)).toEqual([...ended, "form_start order", "form_field name"]);
    const [start, field] = (await told(tab)).slice(3);
    expect(start?.view_id).not.toBe((await told(tab))[0]?.view_id);
    expect(field).toMatchObject({ edits: 1, first_edit_ms: 0 });
  });

  it("does not abandon again what comes back from the back-forward cache", async () => {
    const tab = await open("forms.html", measuring);
    await tab.click("#name");
    await untilIdle(tab);
    await leave(tab);
    await tab.back();
    await tab.run("document.activeElement.blur(); dispatchEvent(new PageTransitionEvent('pagehide'))");
    const all = await story(tab);
    const count = (what: string) => all.filter((each) => each.startsWith(what)).length;
    expect(count("form_abandon")).toBe(count("form_start"));
  });

  it("sees through open shadow roots, and hears the submit that does not leave them", async () => {
    const tab = await open("forms.html", measuring);
    await tab.click("#host >>> #field");
    await type(tab, "M");
    await tab.press("Enter");
    const attempt = ["form_start within", "form_field field", "form_submit within"];
    await expect.poll(() => story(tab)).toEqual(attempt);
    await leave(tab);
    expect(await story(tab)).toEqual(attempt);
  });

  it("knows the form around a shadow root that holds a field, and the form that a field elsewhere belongs to", async () => {
    const tab = await open("forms.html", measuring);
    await tab.click("#inner >>> #field");
    await tab.click("#outside");
    await tab.run("document.activeElement.blur()");
    await expect
      .poll(() => story(tab))
      .toEqual(["form_start around", "form_field field", "form_start order", "form_field outside"]);
    const fields = (await told(tab)).filter(({ type }) => type === "form_field");
    expect(fields.map(({ form }) => form)).toEqual(["around", "order"]);
  });

  it("tells of a field outside of any form when it is left, and of nothing else", async () => {
    const tab = await open("forms.html", measuring);
    await tab.click("#lone");
    await type(tab, "M");
    await leave(tab);
    expect(await told(tab)).toEqual([
      expect.objectContaining({ type: "form_field", form: "lone", field: "lone", field_type: "search", edits: 1 }),
    ]);
  });

  it("takes no button for a field", async () => {
    const tab = await open("forms.html", measuring);
    await tab.run("document.querySelector('#image').focus(); document.querySelector('#send').focus()");
    await tab.press("Tab");
    expect((await story(tab)).filter((each) => !each.includes("outside"))).toEqual(["form_start order"]);
    expect(await story(tab)).not.toContain("form_field image");
  });

  it("counts a field that is filled in without the focus as edited, and as nothing else", async () => {
    const tab = await open("forms.html", measuring);
    await tab.click("#name");
    await tab.run(
      "document.querySelector('#note').dispatchEvent(new InputEvent('input', { bubbles: true, composed: true }))",
    );
    await type(tab, "M");
    await tab.press("Enter");
    await expect.poll(() => story(tab)).toEqual(["form_start order", "form_field name", "form_submit order"]);
    expect((await told(tab)).at(-1)).toMatchObject({ fields_edited: 2 });
  });

  it("never tells a value, nor the length of a password or card number", async () => {
    const tab = await open("forms.html", measuring);
    for (const field of ["#name", "#password", "#card", "#note"]) {
      await tab.click(field);
      await type(tab, "MARKER");
    }
    await tab.click("#send");
    await expect.poll(() => story(tab)).toContain("form_submit order");
    const fields = (await told(tab)).filter(({ type }) => type === "form_field");
    expect(fields.map(({ field, field_type, edits }) => [field, field_type, edits])).toEqual([
      ["name", "text", 6],
      ["password", "password", 1],
      ["card", "text", 1],
      ["note", "textarea", 6],
    ]);
    expect(JSON.stringify(await captured(tab))).not.toContain("MARKER");
  });

  it("tells nothing of what data-tm-ignore holds, through shadow roots", async () => {
    const tab = await open("forms.html", measuring);
    for (const field of ["#unseen", "#secret", "#ignored-host >>> #field"]) {
      await tab.click(field);
      await type(tab, "M");
      await tab.press("Enter");
    }
    await tab.click("#unsent");
    await leave(tab);
    // The form around the ignored field is not ignored itself: Enter submits it.
    expect(await told(tab)).toEqual([
      expect.objectContaining({ type: "form_submit", form: "order", fields_edited: 0 }),
    ]);
  });

  it("throws nothing into a page whose fields are named like a form's own properties", async () => {
    const tab = await open("forms.html", measuring);
    await tab.click("#clobber");
    await type(tab, "M");
    await tab.press("Enter");
    expect(await tab.run("return failures")).toEqual([]);
  });

  it("leaves no listener behind, not even on a form in the middle of an attempt", async () => {
    const tab = await open("forms.html", { signals: ["clicks"] });
    const act = `
      document.querySelector("#host").shadowRoot.querySelector("#field").focus();
      document.querySelector("#name").focus();
      if (emitted.filter((type) => type === "form_start").length !== 2) return ["it did not start"];
    `;
    expect(await listenersLeftBy(tab, "forms", act)).toEqual([]);
  });
});
