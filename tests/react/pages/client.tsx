import { StrictMode } from "react";
import { createRoot, hydrateRoot } from "react-dom/client";
import { scenes } from "./scenes.tsx";

/**
 * Renders the scene of the page's query, such as `?scene=basic&session=…`, in StrictMode unless the query has `&plain`. A page that was
 * rendered on a server is hydrated. The root is in `window.root`.
 */
const query = new URLSearchParams(location.search);
const container = document.getElementById("root") as HTMLElement;
const Scene = scenes[query.get("scene") as keyof typeof scenes];
const scene = <Scene collector={container.dataset.collector ?? ""} session={query.get("session") ?? ""} />;
const app = query.has("plain") ? scene : <StrictMode>{scene}</StrictMode>;
const root = container.hasChildNodes() ? hydrateRoot(container, app) : createRoot(container);
if (!container.hasChildNodes()) root.render(app);
Object.assign(window, { root });
