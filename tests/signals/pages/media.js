/*
 * Actions on media elements for the tests, the browser's own record of the played ranges, and a player that a script moves along with
 * the page's stopped clock.
 */
{
  /** Longest wait for the browser's player, in milliseconds. A loaded machine may delay it by seconds. */
  const STANDSTILL_MS = 10_000;

  /**
   * Waits for an event of the browser's player.
   *
   * @throws "standstill" when it does not come: WebKitGTK's player sometimes stops for good, and says nothing about it.
   */
  const once = (medium, type) =>
    new Promise((resolve, reject) => {
      medium.addEventListener(type, resolve, { once: true });
      setTimeout(() => reject("standstill"), STANDSTILL_MS);
    });

  /** Waits until the medium has its length and can play. */
  const ready = async (medium) => {
    while (medium.readyState < 3) await once(medium, "canplay");
  };

  /** Plays until the medium is at that many seconds, or beyond. */
  const playTo = async (medium, seconds) => {
    // Not awaited, because WebKitGTK never resolves the promise after a seek.
    medium.play().catch(() => {});
    while (medium.currentTime < seconds) await once(medium, "timeupdate");
  };

  const seekTo = async (medium, seconds) => {
    const done = once(medium, "seeked");
    medium.currentTime = seconds;
    await done;
  };

  const pause = async (medium) => {
    const done = once(medium, "pause");
    medium.pause();
    await done;
  };

  /** The ranges that the browser itself has recorded, in milliseconds. */
  const playedBy = ({ played }) =>
    Array.from({ length: played.length }, (_, each) =>
      [played.start(each), played.end(each)].map((at) => Math.round(at * 1000)),
    );

  /** Adds an `<audio>` with that many seconds of silence to the page. */
  const addSilence = (seconds) => {
    const rate = 8000;
    const bytes = new Uint8Array(44 + rate * seconds).fill(128, 44);
    const view = new DataView(bytes.buffer);
    const write = (at, text) => bytes.set(new TextEncoder().encode(text), at);
    write(0, "RIFF");
    view.setUint32(4, bytes.length - 8, true);
    write(8, "WAVEfmt ");
    view.setUint32(16, 16, true);
    view.setUint16(20, 1, true);
    view.setUint16(22, 1, true);
    view.setUint32(24, rate, true);
    view.setUint32(28, rate, true);
    view.setUint16(32, 1, true);
    view.setUint16(34, 8, true);
    write(36, "data");
    view.setUint32(40, rate * seconds, true);
    const src = URL.createObjectURL(new Blob([bytes], { type: "audio/wav" }));
    const sound = Object.assign(document.createElement("audio"), { muted: true, src });
    document.body.append(sound);
    return sound;
  };

  /**
   * A player with the interface and events of a media element. It plays while a script lets it: a second of the film takes a second of
   * the page's stopped clock.
   */
  class ScriptedPlayer extends HTMLElement {
    currentTime = 0;
    duration = 12;
    paused = true;
    ended = false;
    seeking = false;
    playbackRate = 1;
    muted = true;
    loop = false;

    #change(type, state) {
      Object.assign(this, state);
      this.dispatchEvent(new Event(type));
    }

    /** Plays up to that many seconds, or to the end. */
    async playTo(seconds) {
      if (this.paused) this.#change("playing", { paused: false });
      while (this.currentTime < Math.min(seconds, this.duration)) {
        const step = Math.min(0.25, seconds - this.currentTime, this.duration - this.currentTime);
        await window.pass(step * 1000);
        this.#change("timeupdate", { currentTime: this.currentTime + step });
      }
      if (this.currentTime < this.duration) return;
      this.#change("pause", { paused: true, ended: true });
      this.#change("ended");
    }

    seekTo(seconds) {
      this.#change("seeking", { seeking: true, currentTime: seconds, ended: false });
      this.#change("seeked", { seeking: false });
    }

    pause() {
      this.#change("pause", { paused: true });
    }
  }
  customElements.define("scripted-player", ScriptedPlayer);

  Object.assign(window, {
    once,
    ready,
    playTo,
    seekTo,
    pause,
    playedBy,
    addSilence,
    film: document.querySelector("#film"),
    scripted: document.querySelector("#scripted"),
  });
}
