import { type Actions, Key, Origin } from "selenium-webdriver";
import type { Abilities, Browser, Place, Tab } from "./browser.ts";
import { goBack } from "./go-back.ts";
import { pointOf } from "./point-of.ts";
import { VIEWPORT } from "./viewport.ts";
import { startMiniBrowser } from "./webkit-driver.ts";

/** What WebKitGTK can be driven to do. */
export const webKitCan: Abilities = {
  tap: false,
  pinch: false,
  leave: false,
  middle: false,
  windows: false,
  prerender: false,
};

/** A pointer that a person moves is seen on its way. */
const STEPS = 5;

/** The keys that WebDriver names by signs of its own, by their UI Events names. */
const KEYS: Record<string, string> = {
  ...{ Tab: Key.TAB, Enter: Key.ENTER, Escape: Key.ESCAPE, Backspace: Key.BACK_SPACE, Delete: Key.DELETE },
  ...{ Shift: Key.SHIFT, Control: Key.CONTROL, Alt: Key.ALT, Home: Key.HOME, End: Key.END },
  ...{ PageUp: Key.PAGE_UP, PageDown: Key.PAGE_DOWN, ArrowUp: Key.ARROW_UP, ArrowDown: Key.ARROW_DOWN },
  ...{ ArrowLeft: Key.ARROW_LEFT, ArrowRight: Key.ARROW_RIGHT },
};
const keyOf = (name: string): string => KEYS[name] ?? name;

/** Selenium's actions have a wheel, which their types do not know. */
type Wheel = Actions & {
  scroll(x: number, y: number, dx: number, dy: number, origin: Origin, duration: number): Actions;
};

/**
 * Starts WebKitGTK. Its driver opens tabs but cannot switch between them, so that each tab is a window here, and a tab is
 * brought to the front by minimising the others: a page that is minimised is hidden.
 */
export const startWebKit = async (): Promise<Browser> => {
  const { driver, stop } = await startMiniBrowser();
  const home = await driver.getWindowHandle();
  /** The window that takes orders, and the one that is not minimised. */
  let current = home;
  let front: string | undefined = home;
  /** The driver takes where a wheel shall stand, not how far it shall turn, and knows one wheel for all windows. */
  let turned = 0;

  const select = async (handle: string) => {
    if (handle !== current) await driver.switchTo().window(handle);
    current = handle;
  };

  /** Makes the current window as large as it has to be for the viewport. Setting the size also restores a minimised window. */
  const show = async () => {
    const frame = await driver.executeScript<{ width: number; height: number }>(
      "return { width: outerWidth - innerWidth, height: outerHeight - innerHeight }",
    );
    await driver
      .manage()
      .window()
      .setRect({ x: 0, y: 0, width: VIEWPORT.width + frame.width, height: VIEWPORT.height + frame.height });
  };

  const drive = (handle: string): Tab => {
    let at = { x: 0, y: 0 };
    const actions = async () => {
      await select(handle);
      return driver.actions();
    };
    /** The pointer's way to a place, as the beginning of actions. */
    const approach = async (to: Place) => {
      const from = at;
      at = await pointOf(tab, to);
      const way = await actions();
      for (let step = 1; step <= STEPS; step += 1) {
        const x = Math.round(from.x + ((at.x - from.x) * step) / STEPS);
        const y = Math.round(from.y + ((at.y - from.y) * step) / STEPS);
        way.move({ x, y, origin: Origin.VIEWPORT, duration: 0 });
      }
      return way;
    };
    const tab: Tab = {
      async goto(url) {
        await select(handle);
        await driver.get(url);
      },
      async run(script) {
        await select(handle);
        return driver.executeScript(`return (async () => {${script}\n})()`);
      },
      async move(to) {
        await (await approach(to)).perform();
      },
      async click(on, { button = "left", modifier } = {}) {
        if (button !== "left") throw new Error("WebKitGTK's driver releases no button but the left one.");
        const click = await approach(on);
        if (modifier) click.keyDown(keyOf(modifier));
        click.press().release();
        if (modifier) click.keyUp(keyOf(modifier));
        await click.perform();
      },
      async drag(from, to) {
        await tab.move(from);
        await (await actions()).press().perform();
        await tab.move(to);
        await (await actions()).release().perform();
      },
      async wheel(dy) {
        turned += dy;
        await ((await actions()) as Wheel).scroll(at.x, at.y, 0, turned, Origin.VIEWPORT, 0).perform();
      },
      async press(key) {
        const keys = (key === "+" ? [key] : key.split("+")).map(keyOf);
        const press = await actions();
        for (const each of keys) press.keyDown(each);
        for (const each of keys.reverse()) press.keyUp(each);
        await press.perform();
      },
      async tap() {
        throw new Error("WebKitGTK's driver has no touch input.");
      },
      async pinch() {
        throw new Error("WebKitGTK's driver has no touch input.");
      },
      async front() {
        if (front && front !== handle) {
          await select(front);
          await driver.manage().window().minimize();
        }
        front = handle;
        await select(handle);
        await show();
      },
      back: () => goBack(tab),
      async close() {
        await select(handle);
        await driver.close();
        current = "";
        if (front === handle) front = undefined;
      },
      async destroy() {
        throw new Error("WebKitGTK's driver closes a window in one way only.");
      },
      async discard() {
        throw new Error("WebKitGTK's driver neither freezes nor discards a page.");
      },
      async fillStorage() {
        throw new Error("WebKitGTK's driver sets no quota.");
      },
    };
    return tab;
  };

  return {
    name: "webkit",
    async newTab() {
      await select(home);
      await driver.switchTo().newWindow("window");
      current = await driver.getWindowHandle();
      const tab = drive(current);
      await tab.front();
      return tab;
    },
    stop,
    async kill() {
      throw new Error("WebKitGTK keeps nothing of a browser that is driven: there is no profile to come back to.");
    },
  };
};
