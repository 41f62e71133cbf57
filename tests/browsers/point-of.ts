import type { Place, Point, Tab } from "./browser.ts";

/** The point halfway between two others. */
export const middleOf = (from: Point, to: Point): Point => ({
  x: Math.round((from.x + to.x) / 2),
  y: Math.round((from.y + to.y) / 2),
});

/**
 * Finds the point of a place. It scrolls a selector's element into view if its centre is not visible. ` >>> ` between
 * two selectors enters an open shadow root or a same-origin frame: `my-menu >>> button`.
 *
 * @throws Error when no element matches.
 */
export const pointOf = async ({ run }: Pick<Tab, "run">, place: Place): Promise<Point> => {
  if (typeof place !== "string") return place;
  const point = await run<Point | null>(`
    let root = document;
    let element;
    const frames = [];
    for (const selector of ${JSON.stringify(place.split(" >>> "))}) {
      if (element?.localName === "iframe") frames.push(element);
      if (element) root = element.shadowRoot ?? element.contentDocument;
      element = root?.querySelector(selector);
      if (!element) return null;
    }
    const centre = () => {
      const { left, top, width, height } = element.getBoundingClientRect();
      const at = { x: left + width / 2, y: top + height / 2 };
      for (const frame of frames) {
        const outer = frame.getBoundingClientRect();
        at.x += outer.left + frame.clientLeft;
        at.y += outer.top + frame.clientTop;
      }
      return at;
    };
    const isInViewport = ({ x, y }) => x >= 0 && y >= 0 && x < innerWidth && y < innerHeight;
    if (!isInViewport(centre())) element.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
    const { x, y } = centre();
    return { x: Math.round(x), y: Math.round(y) };
  `);
  if (!point) throw new Error(`No element in the page matches ${place}.`);
  return point;
};
