import { tracker } from "./tracker.ts";

/** How long after the last event the vector is read, in milliseconds. */
const READ_AFTER_MS = 500;

const child = (name: string, text: string): HTMLElement => {
  const element = document.createElement(name);
  element.textContent = text;
  return element;
};

/** Shows the visitor's own features in a list: at first, and again after each view, click and event of the site's own. */
export const showVector = (list: Element): void => {
  let waiting: ReturnType<typeof setTimeout> | undefined;

  const show = async () => {
    const features = await tracker.features().catch(() => undefined);
    if (!features) return;
    const known = Object.entries(features).filter(([, value]) => value && `${value}`);
    list.replaceChildren(
      ...known.flatMap(([name, value]) => [
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
    // Not after scroll and dwell: reading asks for these, and would go on and on.
    if (/page_view|click|custom/.test(type)) showSoon();
  });
};
