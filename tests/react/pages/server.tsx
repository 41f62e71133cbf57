import { StrictMode } from "react";
import { renderToString } from "react-dom/server";
import { scenes } from "./scenes.tsx";

/** A scene as a server renders it, with what it warned of. */
export const render = (name: keyof typeof scenes): { html: string; complaints: unknown[] } => {
  const { warn, error } = console;
  const complaints: unknown[] = [];
  console.warn = console.error = (...said) => complaints.push(said.join(" "));
  const Scene = scenes[name];
  const html = renderToString(
    <StrictMode>
      <Scene collector="" session="" />
    </StrictMode>,
  );
  Object.assign(console, { warn, error });
  return { html, complaints };
};
