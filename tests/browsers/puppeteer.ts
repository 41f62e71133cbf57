import { once } from "node:events";
import { type KeyInput, type LaunchOptions, launch, type Page } from "puppeteer-core";
import type { Browser, BrowserName, Tab } from "./browser.ts";
import { goBack } from "./go-back.ts";
import { middleOf, pointOf } from "./point-of.ts";
import { VIEWPORT } from "./viewport.ts";

/** Number of steps of a pointer move, so that the page gets moves on the way. */
const STEPS = 5;

const drive = (page: Page): Tab => {
  const { mouse, keyboard, touchscreen } = page;
  const tab: Tab = {
    async goto(url) {
      await page.goto(url, { waitUntil: "load" });
    },
    run: <R>(script: string) => page.evaluate(`(async () => {${script}\n})()`) as Promise<R>,
    async move(to) {
      const { x, y } = await pointOf(tab, to);
      await mouse.move(x, y, { steps: STEPS });
    },
    async click(on, { button = "left", modifier } = {}) {
      await tab.move(on);
      if (modifier) await keyboard.down(modifier);
      await mouse.down({ button });
      await mouse.up({ button });
      if (modifier) await keyboard.up(modifier);
    },
    async drag(from, to, pause) {
      await tab.move(from);
      await mouse.down();
      for (const place of [middleOf(from, to), to]) {
        await tab.move(place);
        await pause?.();
      }
      await mouse.up();
    },
    wheel: (deltaY) => mouse.wheel({ deltaY }),
    async press(key) {
      const keys = (key === "+" ? [key] : key.split("+")) as KeyInput[];
      for (const each of keys) await keyboard.down(each);
      for (const each of keys.reverse()) await keyboard.up(each);
    },
    async tap(on) {
      const { x, y } = await pointOf(tab, on);
      await touchscreen.tap(x, y);
    },
    async pinch(pageScaleFactor) {
      const session = await page.createCDPSession();
      await session.send("Emulation.setPageScaleFactor", { pageScaleFactor });
      await session.detach();
    },
    front: () => page.bringToFront(),
    back: () => goBack(tab),
    async close() {
      // Over the DevTools protocol, the command returns before the page has ended.
      const closed = new Promise((resolve) => page.once("close", resolve));
      await page.close({ runBeforeUnload: true });
      await closed;
    },
    destroy: () => page.close(),
    async discard() {
      const session = await page.createCDPSession();
      await session.send("Page.setWebLifecycleState", { state: "frozen" });
      // The command gets no response.
      session.send("Page.crash").catch(() => {});
      await new Promise((resolve) => page.once("error", resolve));
      await page.close();
    },
    async fillStorage(origin) {
      const session = await page.createCDPSession();
      await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1 });
    },
  };
  return tab;
};

/**
 * Starts a browser with Puppeteer. Unlike Playwright, it does not emulate focus and visibility: a tab behind another
 * one is hidden, as for a person.
 */
export const startWithPuppeteer = async (name: BrowserName, options: LaunchOptions): Promise<Browser> => {
  const browser = await launch({ headless: true, defaultViewport: VIEWPORT, ...options });
  return {
    name,
    async newTab() {
      const page = await browser.newPage();
      await page.bringToFront();
      return drive(page);
    },
    stop: () => browser.close(),
    async kill() {
      const child = browser.process();
      if (!child?.pid) throw new Error(`${name} is not running.`);
      const exit = once(child, "exit");
      // Puppeteer starts a browser as the leader of a process group.
      process.kill(-child.pid, "SIGKILL");
      await exit;
    },
  };
};
