import type { ContextAction, ContextStep, ContextView } from "@tidemark/schema";
import { ACTION_KINDS, type Activity, type StoredAction, type StoredView } from "./activity.ts";

const viewStep = (
  { since, pages }: Activity,
  [at, page, , engaged_ms, depth, hovers, fields, forms]: StoredView,
): ContextView => {
  const [path = "", title = null] = pages[page] ?? [];
  return {
    ...{ step: "view", time: since + at, path },
    ...(title !== null && { title }),
    ...(engaged_ms !== null && { engaged_ms }),
    ...(depth !== null && { depth_percentage: depth }),
    hesitations: { hovers, fields, forms },
    is_return: false,
  };
};

const actionStep = ({ since }: Activity, [at, kind, name, count, duration_ms, share]: StoredAction): ContextAction => ({
  ...{ step: ACTION_KINDS[kind] ?? "custom", time: since + at },
  ...(name !== null && { name }),
  count,
  ...(duration_ms !== undefined && { duration_ms }),
  ...(typeof share === "number" && { watched_percentage: share }),
});

/** The steps of an activity in the order of their times. A page view precedes the actions of the same time. */
export const stepsOf = (activity: Activity): ContextStep[] => {
  const views = activity.views.map((view) => viewStep(activity, view));
  const paths = views.map(({ path }) => path);
  for (const [position, view] of views.entries())
    view.is_return = paths[position - 1] !== view.path && paths.indexOf(view.path) < position;
  const actions = activity.actions.map((action) => actionStep(activity, action));
  return [...views, ...actions].sort((a, b) => a.time - b.time);
};
