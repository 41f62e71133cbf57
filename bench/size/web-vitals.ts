import { onCLS, onFCP, onINP, onLCP, onTTFB } from "web-vitals";

/** The reference: a small library that browsers' own people keep small. */
for (const on of [onCLS, onFCP, onINP, onLCP, onTTFB]) on(console.log);
