"use client";

import { TidemarkProvider, useTrack } from "@tidemark/sdk/react";
import { tracker } from "./tracker.ts";

const Button = () => {
  const track = useTrack();
  const save = () => {
    track("saved", { sku: "boots" });
    Object.assign(globalThis, { tracker });
  };
  return (
    <button type="button" onClick={save}>
      Save
    </button>
  );
};

export const Save = () => (
  <TidemarkProvider tracker={tracker}>
    <Button />
  </TidemarkProvider>
);
