import type { VersionEvaluation } from "./evaluation.ts";
import type { Scores } from "./scores.ts";

/** Sizes in pixels. */
const SIDE = 260;
const MARGIN = { left: 52, top: 40, right: 24, bottom: 44 };
const PANEL = { width: MARGIN.left + SIDE + MARGIN.right, height: MARGIN.top + SIDE + MARGIN.bottom };

const INK = "#1b2733";
const LINE = "#c9d1d9";
const BLUE = "#1f6feb";

const escapeXml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** An element of SVG. */
const element = (name: string, attributes: Readonly<Record<string, string | number>>, content = ""): string => {
  const list = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${typeof value === "number" ? Number(value.toFixed(2)) : escapeXml(value)}"`,
  );
  return `<${name}${list.join("")}>${content}</${name}>`;
};

const label = (
  x: number,
  y: number,
  text: string,
  attributes: Readonly<Record<string, string | number>> = {},
): string =>
  element("text", { x, y, fill: INK, "font-size": 11, "text-anchor": "middle", ...attributes }, escapeXml(text));

const line = (x1: number, y1: number, x2: number, y2: number, stroke: string, dash = ""): string =>
  element("line", { x1, y1, x2, y2, stroke, ...(dash && { "stroke-dasharray": dash }) });

const [x, y] = [(share: number) => share * SIDE, (share: number) => SIDE - share * SIDE];

const TICKS = [0, 0.25, 0.5, 0.75, 1];

/** A square with axes from 0 to 1, and a title. */
const panel = (left: number, top: number, [title, xName, yName]: readonly string[], content: string): string => {
  const axes = TICKS.flatMap((tick) => [
    line(x(tick), y(0), x(tick), y(1), LINE),
    line(x(0), y(tick), x(1), y(tick), LINE),
    label(x(tick), SIDE + 16, String(tick)),
    label(-8, y(tick) + 4, String(tick), { "text-anchor": "end" }),
  ]);
  const names = [
    label(SIDE / 2, -14, title ?? "", { "font-size": 13, "font-weight": "bold" }),
    label(SIDE / 2, SIDE + 34, xName ?? ""),
    label(0, 0, yName ?? "", { transform: `translate(-38 ${SIDE / 2}) rotate(-90)` }),
  ];
  const transform = `translate(${left + MARGIN.left} ${top + MARGIN.top})`;
  return element("g", { transform }, [...axes, ...names, content].join("\n"));
};

/** Predicted and observed probabilities by decile; perfect ones are on the diagonal. Bars are intervals of 95 %. */
const reliability = ({ deciles }: Scores): string =>
  [
    line(x(0), y(0), x(1), y(1), INK, "4 4"),
    ...deciles.map(({ predicted, observed_low, observed_high }) =>
      line(x(predicted), y(observed_low), x(predicted), y(observed_high), BLUE),
    ),
    ...deciles.map(({ predicted, observed }) =>
      element("circle", { cx: x(predicted), cy: y(observed), r: 4, fill: BLUE }),
    ),
  ].join("\n");

/** The share of the predictions up to each value. */
const distribution = ({ deciles }: Scores): string => {
  let below = 0;
  const points = deciles.flatMap(({ from, to, share }) => {
    const start = [x(from), y(below)];
    below += share;
    return [start, [x(to), y(below)]];
  });
  const path = points.map(([px = 0, py = 0]) => `${px.toFixed(2)},${py.toFixed(2)}`).join(" ");
  return element("polyline", { points: path, fill: "none", stroke: BLUE, "stroke-width": 2 });
};

/**
 * Draws each version with scores as SVG: its reliability diagram, and the distribution of its predictions.
 *
 * @param model Name of the model.
 */
export const plot = (model: string, versions: readonly VersionEvaluation[]): string => {
  const panels = versions
    .flatMap(({ scores, ...version }) => (scores ? [{ ...version, scores }] : []))
    .map(({ version, role, predictions, scores }, row) => {
      const top = row * PANEL.height;
      const title = `${model} ${version}, ${role}`;
      return [
        panel(0, top, [title, "predicted probability", "observed share"], reliability(scores)),
        panel(
          PANEL.width,
          top,
          [`${predictions} predictions`, "predicted probability", "share of predictions up to it"],
          distribution(scores),
        ),
      ].join("\n");
    });
  const [width, height] = [2 * PANEL.width, Math.max(1, panels.length) * PANEL.height];
  const background = element("rect", { width, height, fill: "#ffffff" });
  const attributes = { xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: `0 0 ${width} ${height}` };
  return `${element("svg", { ...attributes, "font-family": "system-ui, sans-serif" }, [background, ...panels].join("\n"))}\n`;
};
