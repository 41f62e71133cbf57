import { type Actions, Key, Origin } from "selenium-webdriver";
import type { Abilities, Browser, Place, Tab } from "./browser.ts";
import { goBack } from "./go-back.ts";
import { middleOf, pointOf } from "./point-of.ts";
import { VIEWPORT } from "./viewport.ts";
import { startMiniBrowser } from "./webkit-driver.ts";

/** The abilities of WebKitGTK's driver. */
export const webKitCan: Abilities = {
  tap: false,
  pinch: false,
  leave: false,
  middle: false,
  drop: false,
  windows: false,
  prerender: false,
};

/** Number of steps of a pointer move, so that the page gets moves on the way. */
const STEPS = 5;

/** WebDriver's characters for keys, by their UI Events names. */
const KEYS: Record<string, string> = {
  ...{ Tab: Key.TAB, Enter: Key.ENTER, Escape: Key.ESCAPE, Backspace: Key.BACK_SPACE, Delete: Key.DELETE },
  ...{ Shift: Key.SHIFT, Control: Key.CONTROL, Alt: Key.ALT, Home: Key.HOME, End: Key.END },
  ...{ PageUp: Key.PAGE_UP, PageDown: Key.PAGE_DOWN, ArrowUp: Key.ARROW_UP, ArrowDown: Key.ARROW_DOWN },
  ...{ ArrowLeft: Key.ARROW_LEFT, ArrowRight: Key.ARROW_RIGHT },
};
const keyOf = (name: string): string => KEYS[name] ?? name;

/** Actions with `scroll`, which Selenium has and its types lack. */
type Wheel = Actions & {
  scroll(x: number, y: number, dx: number, dy: number, origin: Origin, duration: number): Actions;
};

/**
 * Starts WebKitGTK. Its driver opens tabs but cannot switch between them, so each tab is a window. The tab in front is
 * the only window that is not minimised: a minimised page is hidden.
 */
export const startWebKit = async (): Promise<Browser> => {
  const { driver, stop } = await startMiniBrowser();
  const home = await driver.getWindowHandle();
  /** The window that receives commands, and the one that is not minimised. */
  let current = home;
  let front: string | undefined = home;
  /**
   * Position of the wheel. The driver expects the position, not the distance to turn, and has one wheel for all
   * windows.
   */
  let wheelPosition = 0;

  const select = async (handle: string) => {
    if (handle !== current) await driver.switchTo().window(handle);
    current = handle;
  };

  /**
   * Sizes the current window so that its viewport has the size {@link VIEWPORT}. This also restores a minimised window.
   */
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
    /** Starts actions with the pointer's moves to a place. */
    const approach = async (to: Place) => {
      const from = at;
      at = await pointOf(tab, to);
      const moves = await actions();
      for (let step = 1; step <= STEPS; step += 1) {
        const x = Math.round(from.x + ((at.x - from.x) * step) / STEPS);
        const y = Math.round(from.y + ((at.y - from.y) * step) / STEPS);
        moves.move({ x, y, origin: Origin.VIEWPORT, duration: 0 });
      }
      return moves;
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
        if (button !== "left") throw new Error("WebKitGTK's driver supports the left button only.");
        const click = await approach(on);
        if (modifier) click.keyDown(keyOf(modifier));
        click.press().release();
        if (modifier) click.keyUp(keyOf(modifier));
        await click.perform();
      },
      async drag(from, to, pause) {
        await tab.move(from);
        await (await actions()).press().perform();
        for (const place of [middleOf(from, to), to]) {
          await tab.move(place);
          await pause?.();
        }
        await (await actions()).release().perform();
      },
      async wheel(dy) {
        wheelPosition += dy;
        await ((await actions()) as Wheel).scroll(at.x, at.y, 0, wheelPosition, Origin.VIEWPORT, 0).perform();
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
        throw new Error("WebKitGTK's driver has only one way to close a window.");
      },
      async discard() {
        throw new Error("WebKitGTK's driver can neither freeze nor discard a page.");
      },
      async fillStorage() {
        throw new Error("WebKitGTK's driver cannot set a storage quota.");
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
      throw new Error("WebKitGTK does not keep the profile of a driven browser, so no later browser can use it.");
    },
  };
};
