import { describe, expect, it } from "vitest";
import type { Tab } from "../browsers/browser.ts";
import { inEveryBrowser } from "./in-every-browser.ts";
import { listenersLeftBy } from "./listeners.ts";
import { type Captured, captured } from "./test-site.ts";

const settings = { signals: ["pageViews", "media"] };

type MediaEvent = Captured<"video_progress">;

const FILM_MS = 12_000;

/** Tolerance of each end of a range against the browser's `played`, in milliseconds. */
const TOLERANCE = 150;

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
    /** Opens the page, and runs a script when the video can play. */
    const perform = async (act: string, options = settings) => {
      const tab = await open("media.html", options);
      await tab.run(`await ready(film); ${act}`);
      return tab;
    };
    const expectAsPlayed = async (tab: Tab) => {
      const played = await tab.run<[number, number][]>("return playedBy(film)");
      expectRangesNear((await last(tab)).ranges, played);
      return played;
    };

    it("reports where a video started and stopped, like the browser's own record", async () => {
      const tab = await perform("await playTo(film, 1); await pause(film);");
      await expect.poll(() => types(tab)).toEqual(["play", "pause"]);
      const [play, pause] = await mediaEvents(tab);
      expect(play).toMatchObject({
        kind: "video",
        target: { tag: "video", id: "film" },
        duration_ms: FILM_MS,
        watched_ms: 0,
        plays: 1,
        muted: true,
        playback_rate: 1,
      });
      expectNear(play?.position_ms ?? -1, 0);
      expect(pause?.media_id).toBe(play?.media_id);
      expectNear(pause?.position_ms ?? -1, await tab.run<number>("return film.currentTime * 1000"), 60);
      expectNear(pause?.played_ms ?? -1, pause?.watched_ms ?? 0);
      await expectAsPlayed(tab);
    });

    it("does not count parts that are skipped, forwards or backwards", async () => {
      const tab = await perform(`
      await playTo(film, 1); await seekTo(film, 6); await playTo(film, 7); await seekTo(film, 3); await playTo(film, 4);
      await pause(film);`);
      await expect.poll(() => types(tab)).toContain("pause");
      expect(await last(tab)).toMatchObject({ plays: 1, seeks: 2 });
      expect(await expectAsPlayed(tab)).toHaveLength(3);
    });

    it("counts a part that is watched twice once", async () => {
      const tab = await perform(
        "await playTo(film, 1.5); await seekTo(film, 0); await playTo(film, 1); await pause(film);",
      );
      await expect.poll(() => types(tab)).toContain("pause");
      await expectAsPlayed(tab);
      const { watched_ms, played_ms } = await last(tab);
      expect(played_ms - watched_ms).toBeGreaterThan(800);
    });

    it("separates played time from the medium's timeline at double speed", async () => {
      const tab = await perform(`
      film.playbackRate = 2; await playTo(film, 0.1); const began = [performance.now(), film.currentTime];
      await playTo(film, 3.9); window.ratio = (film.currentTime - began[1]) / (performance.now() - began[0]) * 1000; await pause(film);`);
      await expect.poll(() => types(tab)).toContain("pause");
      const { watched_ms, played_ms, playback_rate } = await last(tab);
      expect(playback_rate).toBe(2);
      expectNear(played_ms, watched_ms / 2);
      expectNear(await tab.run("return ratio * 100"), 200, 20);
      await expectAsPlayed(tab);
    });

    it("reports each quarter watched, and the end", async () => {
      // A short sound, because WebKitGTK's player sometimes stops for good near the end of a video.
      const tab = await perform(`
      const sound = Object.assign(document.createElement('audio'), { muted: true, src: silence(6), playbackRate: 2 });
      document.body.append(sound); await ready(sound); sound.play(); await once(sound, 'ended');`);
      await expect.poll(() => types(tab)).toEqual(["play", "progress", "progress", "progress", "complete"]);
      const all = await mediaEvents(tab);
      [0, 25, 50, 75, 100].forEach((share, index) => {
        const { watched_percentage = -1 } = all[index] ?? {};
        expect(watched_percentage).toBeGreaterThanOrEqual(share - 1);
        expect(watched_percentage).toBeLessThan(share + 25);
      });
      expectRangesNear((await last(tab)).ranges, [[0, 6_000]]);
    });

    it("counts both ends of a loop as watched, and its wrap neither as a seek nor as an end", async () => {
      // A short sound, for the same reason.
      const tab = await perform(`
      window.sound = Object.assign(document.createElement('audio'), { muted: true, src: silence(10), loop: true });
      document.body.append(sound); await ready(sound); await seekTo(sound, 8); sound.play();
      while (sound.currentTime > 7) await rest(20);
      await playTo(sound, 1); await pause(sound);`);
      await expect.poll(() => types(tab)).toEqual(["play", "progress", "pause"]);
      const { ranges, seeks } = await last(tab);
      expect(seeks).toBe(0);
      expectRangesNear(ranges, [
        [0, await tab.run<number>("return sound.currentTime * 1000")],
        [8_000, 10_000],
      ]);
    });

    if (browser !== "webkit")
      it("starts another play when a video is played again after its end", async () => {
        const tab = await perform(`
        film.playbackRate = 4; film.play(); await once(film, 'ended'); film.play(); await once(film, 'timeupdate');
        await playTo(film, 1); await pause(film);`);
        const changes = async () => (await types(tab)).filter((type) => type !== "progress");
        await expect.poll(changes).toEqual(["play", "complete", "play", "pause"]);
        const { played_ms, watched_ms, plays, seeks } = await last(tab);
        expect({ plays, seeks }).toEqual({ plays: 2, seeks: 0 });
        expectNear(watched_ms, FILM_MS);
        expect(played_ms).toBeGreaterThan(3_200);
      });

    it("captures a video that is added later, and one that already plays when the signal starts", async () => {
      const tab = await perform(
        `const later = Object.assign(document.createElement('video'), { id: 'later', muted: true, src: '/tide.webm' });
      document.body.append(later); await playTo(later, 0.5); await pause(later);
      await playTo(film, 0.3);
      window.emitted = [];
      window.stop = sdk.media()({ capture: (type) => emitted.push(type), on: () => () => {}, continueSession() {}, runs() {} });
      await playTo(film, 1); await pause(film); stop();`,
      );
      expect((await mediaEvents(tab)).map(({ target }) => target.id)).toEqual(["later", "later", "film", "film"]);
      expect(await tab.run("return emitted")).toEqual(["video_play", "video_pause"]);
    });

    it("captures the pause of a video that is removed from the document while it plays", async () => {
      const tab = await perform("await playTo(film, 0.5); film.remove();");
      await expect.poll(() => types(tab)).toEqual(["play", "pause"]);
      expect((await last(tab)).target).toMatchObject({ id: "film", path: "#film" });
    });

    it("pauses a video whose source changes, and starts another medium", async () => {
      const tab = await perform(`
      await playTo(film, 1); window.seam = film.currentTime * 1000; film.src = '/tide.webm?again'; await playTo(film, 0.5); await pause(film);`);
      await expect.poll(() => types(tab)).toEqual(["play", "pause", "play", "pause"]);
      const [, first, , second] = await mediaEvents(tab);
      expectNear(first?.position_ms ?? -1, await tab.run<number>("return seam"));
      expect(first).toMatchObject({ duration_ms: FILM_MS, seeks: 0 });
      expect(second?.media_id).not.toBe(first?.media_id);
      expect(second?.watched_ms).toBeLessThan(1_000);
    });

    it("reports the totals of a page view when it ends, and continues in the next page view", async () => {
      const tab = await perform(
        "await playTo(film, 1); window.seam = film.currentTime * 1000; tracker.page(); await playTo(film, 2); await pause(film);",
      );
      await expect.poll(() => types(tab)).toEqual(["play", "progress", "play", "pause"]);
      const [play, progress, again, pause] = await mediaEvents(tab);
      expect([play?.view_id === progress?.view_id, again?.view_id === pause?.view_id]).toEqual([true, true]);
      expect(pause?.view_id).not.toBe(play?.view_id);
      const seam = progress?.ranges[0]?.[1] ?? -1;
      expectNear(seam, await tab.run<number>("return seam"));
      expect(pause).toMatchObject({ plays: 1, ranges: [[seam, pause?.position_ms]] });
    });

    it("reports the totals so far on flush and when the page is hidden, once each", async () => {
      const tab = await perform("await playTo(film, 1); tracker.flush(); tracker.flush(); await pause(film);");
      expect(await types(tab)).toEqual(["play", "progress", "pause"]);
      await tab.run("await playTo(film, 2); tracker.flush();");
      await open("plain.html", { signals: [] });
      await expect.poll(() => tab.run("return document.visibilityState")).toBe("hidden");
      await tab.front();
      // WebKit pauses a silent video in a hidden page.
      await expect.poll(async () => (await types(tab)).slice(3, 6).join()).toMatch(/^play,progress,(progress|pause)$/);
    });

    it("does not count a muted video while the page is hidden", async () => {
      const tab = await perform(`
      document.addEventListener("visibilitychange", () => {
        globalThis[document.hidden ? "hiddenAt" : "shownAt"] = film.currentTime;
      });
      await playTo(film, 0.5);`);
      await open("plain.html", { signals: [] });
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      await tab.front();
      await tab.run("await rest(300); if (!film.paused) await pause(film);");
      const { played_ms } = await last(tab);
      // The expected time is the position, minus the time that it played in the hidden page.
      const visible = await tab.run<number>("return 1000 * (film.currentTime - (shownAt - hiddenAt))");
      expect(Math.abs(played_ms - visible)).toBeLessThan(400);
    });

    it("counts a muted video in the Picture-in-Picture window while the page is hidden", async () => {
      // The other drivers cannot hide a page with such a window.
      const enter =
        browser === "chromium"
          ? "addEventListener('pointerdown', () => film.requestPictureInPicture())"
          : "Object.defineProperty(Document.prototype, 'pictureInPictureElement', { get: () => film })";
      const tab = await perform(`${enter}; await playTo(film, 0.5);`);
      await tab.click("#film");
      await expect.poll(() => tab.run("return document.pictureInPictureElement?.id")).toBe("film");
      await open("plain.html", { signals: [] });
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      await tab.front();
      await tab.run("await rest(300); if (!film.paused) await pause(film);");
      const { played_ms } = await last(tab);
      expect(Math.abs(played_ms - (await tab.run<number>("return 1000 * film.currentTime")))).toBeLessThan(400);
    });

    it("counts an audible medium while the page is hidden", async () => {
      const tab = await perform(`
      const sound = Object.assign(document.createElement('audio'), { id: 'sound', src: silence(30), controls: true });
      document.body.append(sound); window.sound = sound;
      addEventListener('pointerdown', () => sound.play(), { once: true });`);
      await tab.click("#film");
      await expect.poll(() => types(tab)).toEqual(["play"]);
      expect(await last(tab)).toMatchObject({ kind: "audio", muted: false, target: { id: "sound" } });
      await open("plain.html", { signals: [] });
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      await tab.front();
      await tab.run("await pause(sound);");
      const played = await tab.run<[number, number][]>("return playedBy(sound)");
      expectRangesNear((await last(tab)).ranges, played);
      // The sound starts just before the page is hidden, so that most of it plays in the hidden page.
      expect((await last(tab)).played_ms).toBeGreaterThan(1_500);
    });

    it("captures a video in a shadow root only if the page reports it", async () => {
      const tab = await perform(`
      const root = document.querySelector('#host').attachShadow({ mode: 'open' });
      root.innerHTML = '<video id="inner" src="/tide.webm" muted></video>';
      const inner = root.querySelector('video');
      await playTo(inner, 0.5); await pause(inner); window.countBefore = captured.length;
      for (const type of ['playing', 'timeupdate', 'seeking', 'pause', 'emptied'])
        inner.addEventListener(type, () => sdk.reportMedia(inner, inner));
      await playTo(inner, 1); await pause(inner);`);
      expect(await tab.run("return countBefore")).toBe(1);
      await expect.poll(() => types(tab)).toEqual(["play", "pause"]);
      expect((await last(tab)).target).toMatchObject({ tag: "video", id: "inner" });
    });

    it("follows a custom player, and detects its jumps", async () => {
      const tab = await perform(`
      const player = document.querySelector('#player');
      const report = (currentTime, more) => sdk.reportMedia(player, { currentTime, duration: 100, paused: false, ...more });
      const startedAt = performance.now(); const at = () => (performance.now() - startedAt) / 1000;
      report(at()); await rest(500); report(at()); await rest(500); report(at() + 50); await rest(500); report(at() + 50);
      report(at() + 50, { paused: true });`);
      await expect.poll(() => types(tab)).toEqual(["play", "pause"]);
      const { ranges, ...pause } = await last(tab);
      expect(pause).toMatchObject({ kind: "video", duration_ms: 100_000, seeks: 1, target: { name: "own player" } });
      expectRangesNear(ranges, [
        [0, 1_000],
        [51_000, 51_500],
      ]);
    });

    it("follows an element with the interface of a media element", async () => {
      const tab = await perform(`
      customElements.define('tube-video', class extends HTMLElement {
        currentTime = 0; duration = 60; paused = true; ended = false; seeking = false; playbackRate = 1; muted = false;
      });
      const tube = document.body.appendChild(document.createElement('tube-video'));
      const dispatch = (type, state) => { Object.assign(tube, state); tube.dispatchEvent(new Event(type)); };
      dispatch('playing', { paused: false }); await rest(300); dispatch('timeupdate', { currentTime: 0.3 });
      dispatch('pause', { paused: true });`);
      await expect.poll(() => types(tab)).toEqual(["play", "pause"]);
      expect(await last(tab)).toMatchObject({ target: { tag: "tube-video" }, watched_ms: 300 });
    });

    it("keeps the visitor engaged while a video plays in view, unless the option hold is false", async () => {
      const engaged = async (act: string, hold = true) => {
        const tab = await perform(`${act}; await tracker.flush();`, {
          signals: ["media", "dwell"],
          options: { media: { hold }, dwell: { idleAfter: 300 } },
        } as typeof settings);
        const dwell = (await captured(tab)).filter(({ type }) => type === "dwell").at(-1);
        return dwell?.type === "dwell" ? dwell.engaged_ms : -1;
      };
      const play = "await playTo(film, 2); await pause(film); await rest(1000)";
      const held = await engaged(play);
      expect(held).toBeGreaterThan(1_700);
      expect(held).toBeLessThan(3_000);
      expect(await engaged(play, false)).toBeLessThan(1_000);
      expect(await engaged(`film.loop = true; ${play}`)).toBeLessThan(1_000);
      const again = "for (const _ of [1, 2, 3]) { await playTo(film, 0.9); await seekTo(film, 0); }";
      expect(await engaged(`${again}; await pause(film); await rest(1000)`)).toBeLessThan(1_900);
      // WebKit does not even play a video outside the viewport.
      const elsewhere = "film.style.marginTop = '3000px'; film.play(); await rest(2000); film.pause(); await rest(500)";
      expect(await engaged(elsewhere)).toBeLessThan(1_000);
    });

    it("captures nothing inside data-tm-ignore, and leaves no listener", async () => {
      const tab = await perform(`
      document.body.setAttribute('data-tm-ignore', ''); await playTo(film, 0.5); await pause(film);
      document.body.removeAttribute('data-tm-ignore');`);
      expect(await types(tab)).toEqual([]);
      await tab.run("tracker.stop()");
      expect(await listenersLeftBy(tab, "media", "film.play(); await rest(400);")).toEqual([]);
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
