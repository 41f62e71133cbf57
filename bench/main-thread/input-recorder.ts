/** Tells of every input that reached the page, once it is hidden: whether what was played is what was heard. */
const heard: { type: string }[] = [];
for (const type of ["pointermove", "click", "wheel"])
  addEventListener(type, () => heard.push({ type }), { capture: true, passive: true });

document.addEventListener(
  "visibilitychange",
  () => document.hidden && fetch("/v1/events", { method: "POST", body: JSON.stringify(heard) }),
);
