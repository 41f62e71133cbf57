import { tracker } from "./tracker.ts";

/** How long after the latest event the vector is read, in milliseconds. */
const READ_AFTER_MS = 500;

const child = (name: string, text: string): HTMLElement => {
  const element = document.createElement(name);
  element.textContent = text;
  return element;
};

/** Shows the session's features in a list: at first, and again after each page view, click and custom event. */
export const showVector = (list: Element): void => {
  let waiting: ReturnType<typeof setTimeout> | undefined;

  const show = async () => {
    const features = await tracker.features().catch(() => undefined);
    if (!features) return;
    const nonEmpty = Object.entries(features).filter(([, value]) => value && `${value}`);
    list.replaceChildren(
      ...nonEmpty.flatMap(([name, value]) => [
        child("dt", name),
        child("dd", typeof value === "number" ? `${Math.round(value * 100) / 100}` : `${value}`),
      ]),
    );
  };

  const showSoon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, READ_AFTER_MS);
  };

  showSoon();
  tracker.on("event", ({ type }) => {
    // Scroll and dwell are excluded: `features()` reports their totals first, so that each read would cause the next one.
    if (/page_view|click|custom/.test(type)) showSoon();
  });
};
