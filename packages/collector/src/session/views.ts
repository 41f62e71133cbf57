import type { Batch, FeatureEvent } from "@tidemark/schema";

const pathOf = (url: string): string => URL.parse(url)?.pathname.slice(0, 1000) ?? "";

/** The events at some positions of a batch, each with the view that it happened in, in the order of their numbers. */
export const eventsOf = (body: string, positions: number[]): { index: number; event: FeatureEvent }[] => {
  const { events, views } = JSON.parse(body) as Batch;
  for (const view of views) view.path ??= pathOf(view.url);
  const viewById = new Map(views.map((view) => [view.view_id, view]));
  const found = positions.map((index) => {
    const event = events[index] as FeatureEvent;
    const view = event.view_id === undefined ? undefined : viewById.get(event.view_id);
    if (view) {
      event.view = view;
      event.view_time_ms = Math.max(0, event.time - view.started_at);
    }
    return { index, event };
  });
  return found.sort((a, b) => a.event.seq - b.event.seq);
};
