import { onCLS, onFCP, onINP, onLCP, onTTFB } from "web-vitals";

/** The reference: web-vitals, a library that the Chrome team optimizes for size. */
for (const on of [onCLS, onFCP, onINP, onLCP, onTTFB]) on(console.log);
