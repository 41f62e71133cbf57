import type { AnnotationQuery, Dashboard, Panel, VariableModel } from "@grafana/schema";
import { toPromql } from "../../../packages/collector/src/monitor/promql.ts";
import type { Query } from "../../../packages/collector/src/monitor/query.ts";
import { ofChosenSites, unknownIn } from "../expressions.ts";
import { metrics } from "../metrics.ts";

/** Unit of a panel's axis, by Grafana's id of it. */
type AxisUnit = "short" | "s" | "Bps" | "reqps" | "percentunit" | "none";

/** A line of a panel, or several: one for each set of labels. */
interface Line {
  /** A query, or an expression in PromQL for what no query can state. */
  of: Query | string;
  /** Its name. `{{site}}` stands for the value of a label. */
  legend: string;
  /** Unit of an axis on the right for this line. Default: the panel's axis. */
  right?: AxisUnit;
}

/** A panel of a dashboard. */
interface PanelSource {
  title: string;
  /** The meaning of the panel, and what a reader does about it. */
  description: string;
  unit: AxisUnit;
  lines: readonly Line[];
  /** Share of the width. Default: 1/2. */
  width?: "whole" | "half" | "third";
  /** Default: lines. */
  type?: "timeseries" | "stat" | "heatmap";
  /** Largest and least value of the axis, for shares. */
  range?: [min: number, max: number];
}

/** A part of a dashboard with its title. */
interface RowSource {
  title: string;
  panels: readonly PanelSource[];
}

/** A dashboard. Its file is `ops/dashboards/<name>.json`. */
export interface DashboardSource {
  name: string;
  title: string;
  description: string;
  rows: readonly RowSource[];
}

/** The data source that the reader of a dashboard chooses. */
const DATA_SOURCE = { type: "prometheus", uid: "$datasource" };

/** Columns of Grafana's grid by the width of a panel. */
const WIDTHS = { whole: 24, half: 12, third: 8 } as const;

/** Columns of Grafana's grid, and the height of a panel and of a title in it. */
const COLUMNS = 24;
const HEIGHT = 8;

/** Version of Grafana's classic form of dashboards. Newer releases convert it. */
const SCHEMA_VERSION = 39;

const ALL = "$__all";

const variables: VariableModel[] = [
  { name: "datasource", type: "datasource", label: "Data source", query: "prometheus" },
  {
    ...{ name: "site", type: "query", label: "Site", datasource: DATA_SOURCE, multi: true, includeAll: true },
    // With `.*` also series stay that have no site.
    ...{ allValue: ".*", current: { selected: true, text: "All", value: ALL }, refresh: 2, sort: 1 },
    query: { query: "label_values(tidemark_events_received_total, site)", refId: "sites" },
  },
];

const expressionOf = (of: Query | string): string => {
  const expression = typeof of === "string" ? of : toPromql(of);
  const unknown = unknownIn(expression, metrics);
  if (unknown.length) throw new Error(`no metrics or labels: ${unknown.join(", ")}, in ${expression}`);
  return ofChosenSites(expression, metrics);
};

const refId = (index: number): string => String.fromCharCode("A".charCodeAt(0) + index);

const panelOf = (source: PanelSource): Panel => {
  const { title, description, unit, lines, type = "timeseries", range } = source;
  const overrides = lines.flatMap(({ right }, index) => {
    if (!right) return [];
    const properties = [
      { id: "unit", value: right },
      { id: "custom.axisPlacement", value: "right" },
    ];
    return [{ matcher: { id: "byFrameRefID", options: refId(index) }, properties }];
  });
  const custom = type === "timeseries" ? { custom: { fillOpacity: 8, showPoints: "never", spanNulls: false } } : {};
  const options =
    type === "timeseries"
      ? {
          legend: { displayMode: "list", placement: "bottom", showLegend: true },
          tooltip: { mode: "multi", sort: "desc" },
        }
      : type === "heatmap"
        ? { calculate: false, color: { mode: "scheme", scheme: "Oranges", steps: 64 }, yAxis: { unit } }
        : { reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false }, textMode: "value_and_name" };
  return {
    ...{ type, title, description, datasource: DATA_SOURCE, options },
    fieldConfig: { defaults: { unit, ...(range && { min: range[0], max: range[1] }), ...custom }, overrides },
    targets: lines.map(({ of, legend }, index) => ({
      ...{ refId: refId(index), datasource: DATA_SOURCE, expr: expressionOf(of), legendFormat: legend },
      ...(type === "heatmap" && { format: "heatmap" }),
      ...(type === "stat" && { instant: true, range: false }),
    })),
  };
};

/** Panels in lines of the grid, from left to right and from top to bottom, each row under its title. */
const placed = (rows: readonly RowSource[]): NonNullable<Dashboard["panels"]> => {
  const panels: NonNullable<Dashboard["panels"]> = [];
  let y = 0;
  for (const { title, panels: sources } of rows) {
    const titled = { id: panels.length + 1, type: "row" as const, title, collapsed: false, panels: [] };
    panels.push({ ...titled, gridPos: { x: 0, y, w: COLUMNS, h: 1 } });
    y += 1;
    let x = 0;
    for (const source of sources) {
      const w = WIDTHS[source.width ?? "half"];
      if (x + w > COLUMNS) {
        x = 0;
        y += HEIGHT;
      }
      panels.push({ id: panels.length + 1, gridPos: { x, y, w, h: HEIGHT }, ...panelOf(source) });
      x += w;
    }
    y += HEIGHT;
  }
  return panels;
};

/** Marks on all graphs where an alert fired. Prometheus itself has the series `ALERTS`. */
const alertMarks: AnnotationQuery & Readonly<Record<string, unknown>> = {
  ...{ name: "Alerts", datasource: DATA_SOURCE, enable: true, iconColor: "red" },
  expr: 'ALERTS{alertname=~"Tidemark.+", alertname!="TidemarkWatchdog", alertstate="firing"}',
  ...{ titleFormat: "{{alertname}}", textFormat: "{{site}}" },
};

/** Makes a dashboard in Grafana's classic form, which all releases import. */
export const dashboardOf = ({ name, title, description, rows }: DashboardSource): Dashboard => ({
  ...{ uid: `tidemark-${name}`, title: `Tidemark: ${title}`, description, tags: ["tidemark"] },
  ...{ schemaVersion: SCHEMA_VERSION, editable: true, graphTooltip: 1, refresh: "30s", timezone: "browser" },
  time: { from: "now-6h", to: "now" },
  templating: { list: variables },
  links: [
    {
      ...{ title: "Tidemark", type: "dashboards", tags: ["tidemark"], asDropdown: true, includeVars: true },
      ...{ icon: "external link", tooltip: "", keepTime: true, targetBlank: false },
    },
  ],
  annotations: { list: [alertMarks] },
  panels: placed(rows),
});
