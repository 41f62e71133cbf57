/** The reference: a minimal click tracker. It posts clicks every two seconds, and when the page is hidden. */
let clicks: object[] = [];

const post = () => {
  if (!clicks.length) return;
  void fetch("/v1/events", { method: "POST", body: JSON.stringify(clicks), keepalive: true });
  clicks = [];
};

addEventListener("click", ({ clientX: x, clientY: y, target }) => {
  clicks.push({ type: "click", x, y, time: Date.now(), tag: (target as Element).localName });
});
document.addEventListener("visibilitychange", () => document.hidden && post());
setInterval(post, 2000);
