/* Actions on media elements for the tests, and the browser's own record of the played ranges. */
{
  const once = (medium, type) => new Promise((resolve) => medium.addEventListener(type, resolve, { once: true }));

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

  /** Returns a URL of that many seconds of silence. */
  const silence = (seconds) => {
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
    return URL.createObjectURL(new Blob([bytes], { type: "audio/wav" }));
  };

  const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  Object.assign(window, {
    once,
    ready,
    playTo,
    seekTo,
    pause,
    playedBy,
    silence,
    rest,
    film: document.querySelector("#film"),
  });
}
