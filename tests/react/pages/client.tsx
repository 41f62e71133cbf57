import { StrictMode } from "react";
import { createRoot, hydrateRoot } from "react-dom/client";
import { scenes } from "./scenes.tsx";

/**
 * Renders the scene that the page's query names: `?scene=visit&session=…`, in StrictMode unless it says `&plain`. A page that was
 * rendered on a server is hydrated. The root is in `window.root`.
 */
const query = new URLSearchParams(location.search);
const place = document.getElementById("root") as HTMLElement;
const Scene = scenes[query.get("scene") as keyof typeof scenes];
const scene = <Scene collector={place.dataset.collector ?? ""} session={query.get("session") ?? ""} />;
const app = query.has("plain") ? scene : <StrictMode>{scene}</StrictMode>;
const root = place.hasChildNodes() ? hydrateRoot(place, app) : createRoot(place);
if (!place.hasChildNodes()) root.render(app);
Object.assign(window, { root });
