import { clicks, createTracker, dwell, pageViews, scrollDepth } from "@tidemark/sdk";

/** What this site reports of its own. Another name or another property is a compile error. */
interface Events {
  packed: { item: string; weight_g: number };
  unpacked: { item: string };
  list_completed: undefined;
}

const { content: endpoint } = document.querySelector<HTMLMetaElement>("meta[name=tidemark]") ?? {};

/** The site's tracker, with the four signals that it wants. The others are not in its bundle. */
export const tracker = createTracker<Events>({
  key: "tm_demo_3f9c1e7ab2d84056",
  endpoint: endpoint ?? "",
  signals: [pageViews(), clicks(), scrollDepth(), dwell()],
});
