import { StrictMode } from "react";
import { renderToString } from "react-dom/server";
import { scenes } from "./scenes.tsx";

/** Renders a scene on a server. Returns its HTML and its warnings. */
export const render = (name: keyof typeof scenes): { html: string; complaints: unknown[] } => {
  const { warn, error } = console;
  const complaints: unknown[] = [];
  console.warn = console.error = (...words) => complaints.push(words.join(" "));
  const Scene = scenes[name];
  const html = renderToString(
    <StrictMode>
      <Scene collector="" session="" />
    </StrictMode>,
  );
  Object.assign(console, { warn, error });
  return { html, complaints };
};
