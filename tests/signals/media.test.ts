import { describe, expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { inEveryBrowser, type PageSettings } from "./in-every-browser.ts";
import { listenersLeftBy } from "./listeners.ts";
import { pass, UNTIL_DRAWN } from "./stopped-clock.ts";
import { type Captured, captured, capturedOf } from "./test-site.ts";

/** The page on the browser's own clock, for its own players. */
const real: PageSettings = { signals: ["pageViews", "media"] };

const settings: PageSettings = { ...real, clock: "stopped" };

type MediaEvent = Captured<"video_progress">;

const FILM_MS = 12_000;

/** Tolerance of each end of a range against the browser's `played`, in milliseconds. */
const TOLERANCE = 150;

/** Most pages in which a player of the browser may stand still before one plays. */
const MAX_STANDSTILLS = 3;

const mediaEvents = async (tab: Tab) =>
  (await captured(tab)).filter(({ type }) => type.startsWith("video_")) as unknown as MediaEvent[];
const types = async (tab: Tab) => (await mediaEvents(tab)).map(({ type }) => type.slice("video_".length));
const last = async (tab: Tab) => {
  const event = (await mediaEvents(tab)).at(-1);
  if (!event) throw new Error("expected a media event");
  return event;
};

const expectNear = (value: number, expected: number, tolerance = TOLERANCE) =>
  expect(Math.abs(value - expected), `${value} is not near ${expected}`).toBeLessThanOrEqual(tolerance);

const expectRangesNear = (ranges: [number, number][], expected: [number, number][]) => {
  expect(ranges, `${JSON.stringify(ranges)}, not ${JSON.stringify(expected)}`).toHaveLength(expected.length);
  ranges.forEach((range, index) => {
    for (const end of [0, 1] as const) expectNear(range[end], expected[index]?.[end] ?? Number.NaN);
  });
};

describe("the signal media", () => {
  inEveryBrowser(({ browser, open }) => {
    /** Opens the page, and runs a script. */
    const perform = async (act: string, options = settings) => {
      const tab = await open("media.html", options);
      await tab.run(act);
      return tab;
    };

    describe("with the browser's own player", () => {
      /**
       * Opens the page, and runs a script when the video can play. Where the browser's player stands still, which says
       * nothing about the signal, the script runs in another page.
       */
      const play = async (act: string) => {
        for (let standstills = 0; standstills < MAX_STANDSTILLS; standstills += 1) {
          const tab = await open("media.html", real);
          const end = await tab.run(`
            const play = async () => { await ready(film); ${act} };
            return play().catch((error) => { if (error === "standstill") return error; throw error; });`);
          if (end !== "standstill") return tab;
        }
        throw new Error(`The browser's player stood still in ${MAX_STANDSTILLS} pages.`);
      };
      const withoutProgress = async (tab: Tab) => (await types(tab)).filter((type) => type !== "progress");

      it("reports the parts that were played, like the browser's own record, and none that was skipped", async () => {
        const tab = await play(`
          await playTo(film, 1); await seekTo(film, 6); await playTo(film, 6.7); await seekTo(film, 0.2);
          await playTo(film, 0.8); await pause(film);`);
        await expect.poll(() => withoutProgress(tab)).toEqual(["play", "pause"]);
        const [start] = await mediaEvents(tab);
        expect(start).toMatchObject({
          kind: "video",
          target: { tag: "video", id: "film" },
          duration_ms: FILM_MS,
          watched_ms: 0,
          plays: 1,
          muted: true,
          playback_rate: 1,
        });
        expectNear(start?.position_ms ?? -1, 0);
        const { media_id, position_ms, ranges, seeks, watched_ms, played_ms } = await last(tab);
        expect({ media_id, seeks }).toEqual({ media_id: start?.media_id, seeks: 2 });
        expectNear(position_ms, await tab.run<number>("return film.currentTime * 1000"), 60);
        expectRangesNear(ranges, await tab.run<[number, number][]>("return playedBy(film)"));
        // The part from 0.2 s to 0.8 s was watched twice.
        expect(played_ms - watched_ms).toBeGreaterThan(450);
      });

      // WebKitGTK's player sometimes does not play again after the end.
      const playsAgain = browser !== "webkit";
      it(`reports the end${playsAgain ? ", and starts another play after it" : ""}`, async () => {
        // A short sound, because WebKitGTK's player often stops for good near the end of a video.
        const again = 'sound.play(); await once(sound, "timeupdate"); await playTo(sound, 0.5); await pause(sound);';
        const tab = await play(`
          const sound = addSilence(3); await ready(sound); sound.play(); await once(sound, "ended");
          ${playsAgain ? again : ""}`);
        const expected = ["play", "complete", ...(playsAgain ? ["play", "pause"] : [])];
        await expect.poll(() => withoutProgress(tab)).toEqual(expected);
        const complete = (await mediaEvents(tab)).find(({ type }) => `${type}` === "video_complete");
        expect(complete).toMatchObject({ kind: "audio" });
        expectNear(complete?.watched_percentage ?? 0, 100, 1);
        expectRangesNear(complete?.ranges ?? [], [[0, 3_000]]);
        const { plays, seeks, watched_ms, played_ms } = await last(tab);
        expect({ plays, seeks }).toEqual({ plays: playsAgain ? 2 : 1, seeks: 0 });
        expectNear(watched_ms, 3_000);
        if (playsAgain) expect(played_ms).toBeGreaterThan(3_300);
      });

      it("counts both ends of a loop as watched, and its wrap neither as a seek nor as an end", async () => {
        const tab = await play(`
          window.sound = Object.assign(addSilence(10), { loop: true }); await ready(sound); await seekTo(sound, 9.2); sound.play();
          while (sound.currentTime > 7) await once(sound, "timeupdate");
          await playTo(sound, 0.5); await pause(sound);`);
        await expect.poll(() => withoutProgress(tab)).toEqual(["play", "pause"]);
        const { ranges, seeks } = await last(tab);
        expect(seeks).toBe(0);
        expectRangesNear(ranges, [
          [0, await tab.run<number>("return sound.currentTime * 1000")],
          [9_200, 10_000],
        ]);
      });

      it("pauses a video whose source changes or that is removed from the document, and starts another medium", async () => {
        const tab = await play(`
          await playTo(film, 0.6); window.seam = film.currentTime * 1000;
          film.src = "/tide.webm?again"; await playTo(film, 0.3); film.remove();`);
        await expect.poll(() => types(tab)).toEqual(["play", "pause", "play", "pause"]);
        const [, first, , second] = await mediaEvents(tab);
        expectNear(first?.position_ms ?? -1, await tab.run<number>("return seam"));
        expect(first).toMatchObject({ duration_ms: FILM_MS, seeks: 0 });
        expect(second?.media_id).not.toBe(first?.media_id);
        expect(second).toMatchObject({ target: { id: "film", path: "#film" } });
        expect(second?.ranges).toHaveLength(1);
        expectNear(second?.ranges[0]?.[0] ?? -1, 0);
      });

      if (browser === "chromium")
        it("counts a muted video in the Picture-in-Picture window while the page is hidden", async () => {
          const tab = await play(`
            addEventListener("pointerdown", () => film.requestPictureInPicture());
            await playTo(film, 0.3);`);
          await tab.click("#film");
          await expect.poll(() => tab.run("return document.pictureInPictureElement?.id")).toBe("film");
          await open("plain.html", { signals: [] });
          await expect.poll(() => tab.run("return document.visibilityState")).toBe("hidden");
          const hiddenAt = await tab.run<number>("return film.currentTime");
          await expect.poll(() => tab.run<number>("return film.currentTime")).toBeGreaterThan(hiddenAt + 1);
          await tab.front();
          await tab.run("await pause(film)");
          const { played_ms } = await last(tab);
          expect(Math.abs(played_ms - (await tab.run<number>("return 1000 * film.currentTime")))).toBeLessThan(400);
        });
    });

    it("reports each quarter watched, and the end", async () => {
      const tab = await perform("await scripted.playTo(12)");
      expect(await types(tab)).toEqual(["play", "progress", "progress", "progress", "complete"]);
      expect((await mediaEvents(tab)).map(({ watched_percentage }) => watched_percentage)).toEqual([
        0, 25, 50, 75, 100,
      ]);
      expect((await last(tab)).ranges).toEqual([[0, FILM_MS]]);
    });

    it("captures a player that is added later, and one that already plays when the signal starts", async () => {
      const tab = await perform(`
        const later = Object.assign(document.createElement("scripted-player"), { id: "later" });
        document.body.append(later);
        await later.playTo(0.5); later.pause();
        await scripted.playTo(0.25);
        window.emitted = [];
        window.stop = sdk.media()({ capture: (type) => emitted.push(type), on: () => () => {}, continueSession() {}, runs() {} });
        await scripted.playTo(1); scripted.pause(); stop();`);
      expect((await mediaEvents(tab)).map(({ target }) => target.id)).toEqual([
        ...["later", "later", "scripted", "scripted"],
      ]);
      expect(await tab.run("return emitted")).toEqual(["video_play", "video_pause"]);
    });

    it("reports the totals of a page view when it ends, and continues in the next page view", async () => {
      const tab = await perform(
        "await scripted.playTo(1); tracker.page(); await scripted.playTo(2); scripted.pause();",
      );
      expect(await types(tab)).toEqual(["play", "progress", "play", "pause"]);
      const [play, progress, again, pause] = await mediaEvents(tab);
      expect([play?.view_id === progress?.view_id, again?.view_id === pause?.view_id]).toEqual([true, true]);
      expect(pause?.view_id).not.toBe(play?.view_id);
      expect(progress?.ranges).toEqual([[0, 1_000]]);
      expect(pause).toMatchObject({ plays: 1, ranges: [[1_000, 2_000]] });
    });

    it("reports the totals so far on flush and when the page is hidden, once each", async () => {
      const tab = await perform("await scripted.playTo(1); tracker.flush(); tracker.flush(); scripted.pause();");
      expect(await types(tab)).toEqual(["play", "progress", "pause"]);
      await tab.run("await scripted.playTo(2); tracker.flush(); await scripted.playTo(2.25);");
      await open("plain.html", { signals: [] });
      await expect.poll(async () => (await types(tab)).slice(3)).toEqual(["play", "progress", "progress"]);
    });

    /** Plays for a second, then for two seconds in a hidden page, and for one more. Returns the last event. */
    const playHidden = async (prepare: string) => {
      const tab = await perform(`${prepare}; await scripted.playTo(1);`);
      await open("plain.html", { signals: [] });
      await expect.poll(() => tab.run("return document.visibilityState")).toBe("hidden");
      await tab.run("await scripted.playTo(3)");
      await tab.front();
      await expect.poll(() => tab.run("return document.visibilityState")).toBe("visible");
      await tab.run("await scripted.playTo(4); scripted.pause()");
      return last(tab);
    };

    it.each([
      ["does not count a muted video", "", 2_000],
      ["counts an audible medium", "scripted.muted = false", 4_000],
      [
        "counts a muted video in the Picture-in-Picture window",
        "Object.defineProperty(Document.prototype, 'pictureInPictureElement', { get: () => scripted })",
        4_000,
      ],
    ])("%s while the page is hidden", async (_, prepare, played_ms) => {
      // Players report their position four times a second.
      expectNear((await playHidden(prepare)).played_ms, played_ms, 250);
    });

    it("captures a player in a shadow root only if the page reports it", async () => {
      const tab = await perform(`
        const root = document.querySelector("#host").attachShadow({ mode: "open" });
        root.innerHTML = "<scripted-player id=inner></scripted-player>";
        const inner = root.firstChild;
        await inner.playTo(0.5); inner.pause(); window.countBefore = captured.length;
        for (const type of ["playing", "timeupdate", "seeking", "pause", "emptied"])
          inner.addEventListener(type, () => sdk.reportMedia(inner, inner));
        await inner.playTo(1); inner.pause();`);
      expect(await tab.run("return countBefore")).toBe(1);
      expect(await types(tab)).toEqual(["play", "pause"]);
      expect((await last(tab)).target).toMatchObject({ tag: "scripted-player", id: "inner" });
    });

    it("follows a custom player, and detects its jumps", async () => {
      const tab = await perform(`
        const player = document.querySelector("#player");
        const report = (currentTime, more) => sdk.reportMedia(player, { currentTime, duration: 100, paused: false, ...more });
        report(0); await pass(500); report(0.5); await pass(500); report(51); await pass(500); report(51.5);
        report(51.5, { paused: true });`);
      expect(await types(tab)).toEqual(["play", "pause"]);
      const { ranges, ...pause } = await last(tab);
      expect(pause).toMatchObject({ kind: "video", duration_ms: 100_000, seeks: 1, target: { name: "own player" } });
      expectRangesNear(ranges, [
        [0, 1_000],
        [51_000, 51_500],
      ]);
    });

    it("keeps the visitor engaged while a muted video plays a new part in view, unless the option hold is false", async () => {
      const IDLE_AFTER = 300;
      const engaged = async (act: string, hold = true) => {
        const tab = await perform("", {
          ...settings,
          signals: ["media", "dwell"],
          options: { media: { hold }, dwell: { idleAfter: IDLE_AFTER } },
        });
        await pass(tab, 2 * IDLE_AFTER);
        const total = async () => {
          await tab.run("await tracker.flush()");
          return (await capturedOf(tab, "dwell")).at(-1)?.engaged_ms ?? -1;
        };
        const before = await total();
        await tab.run(`await scripted.playTo(0.25); ${UNTIL_DRAWN} ${act}; scripted.pause(); await pass(1000);`);
        return (await total()) - before;
      };
      const play = "await scripted.playTo(2.25)";
      const held = await engaged(play);
      // From the first position that the player reports after the browser has reported what is in view.
      expect(held).toBe(1_750);
      expect(await engaged(play, false)).toBe(0);
      expect(await engaged(`scripted.loop = true; ${play}`)).toBeLessThanOrEqual(IDLE_AFTER);
      const again = "for (const _ of [1, 2, 3]) { scripted.seekTo(0); await scripted.playTo(0.5); }";
      expect(await engaged(again)).toBeLessThanOrEqual(1_000);
      const elsewhere = "scripted.style.cssText = 'position: absolute; top: 3000px'";
      expect(await engaged(`${elsewhere}; ${UNTIL_DRAWN} ${play}`)).toBeLessThanOrEqual(IDLE_AFTER);
    });

    it("captures nothing inside data-tm-ignore, and leaves no listener", async () => {
      const tab = await perform(`
        document.body.setAttribute("data-tm-ignore", ""); await scripted.playTo(0.5); scripted.pause();
        document.body.removeAttribute("data-tm-ignore");`);
      expect(await types(tab)).toEqual([]);
      await tab.run("tracker.stop()");
      expect(await listenersLeftBy(tab, "media", "await scripted.playTo(1);")).toEqual([]);
    });

    it("throws nothing in the page for any invalid report", async () => {
      const tab = await perform(`
      window.errors = []; addEventListener('error', (event) => errors.push(event.message));
      for (const detail of [undefined, null, 1, {}, { paused: false }, { get paused() { throw new Error('no'); } }])
        for (const target of [document.body, document, film])
          target.dispatchEvent(new CustomEvent('tidemark:player', { detail, composed: true }));
      sdk.reportMedia(null, { currentTime: 0, paused: false });`);
      expect(await tab.run("return errors")).toEqual([]);
      expect(await types(tab)).toEqual([]);
    });
  });
});
