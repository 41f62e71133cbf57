/*
 * The parts of web-vitals that the SDK uses. Builds of the SDK replace this module by the library itself, with the
 * names of `names.ts`: see `scripts/bundle/web-vitals.ts`.
 */
export { onCLS, onFCP, onINP, onLCP, onTTFB } from "web-vitals";
