import { clicks, createTracker, dwell, pageViews, scrollDepth } from "@tidemark/sdk";

/** The site's custom events. An undeclared name or property is a compile error. */
interface Events {
  packed: { item: string; weight_g: number };
  unpacked: { item: string };
  list_completed: undefined;
}

const { content: endpoint } = document.querySelector<HTMLMetaElement>("meta[name=tidemark]") ?? {};

/** The site's tracker, with four signals. The bundle does not contain the others. */
export const tracker = createTracker<Events>({
  key: "tm_demo_3f9c1e7ab2d84056",
  endpoint: endpoint ?? "",
  signals: [pageViews(), clicks(), scrollDepth(), dwell()],
});
