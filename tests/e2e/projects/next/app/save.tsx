"use client";

import { tracker } from "./tracker.ts";

export const Save = () => {
  const save = () => {
    tracker.track("saved", { sku: "boots" });
    Object.assign(globalThis, { tracker });
  };
  return (
    <button type="button" onClick={save}>
      Save
    </button>
  );
};
