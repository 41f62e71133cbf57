import { tracker } from "./tracker.ts";

document.querySelector("button")?.addEventListener("click", () => tracker.track("saved", { sku: "boots" }));
Object.assign(globalThis, { tracker });
