import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build } from "esbuild";

/** The supported versions of React, with the names of their packages. */
export const reacts = [
  { version: "18", react: "react-18", dom: "react-dom-18" },
  { version: "19", react: "react", dom: "react-dom" },
];

/** The scenes of `pages/`, built for browsers and for a server. */
export interface ReactPages {
  /**
   * A folder with three pages for each version: `18.html`; `18-hydrated.html`, with the scene `live` rendered on a server; and
   * `18-quick-start.html`, the quick start of docs/react.md.
   */
  folder: string;
  /** Renders a scene on a server: see `pages/server.tsx`. */
  render(version: string, scene: string): { html: string; complaints: unknown[] };
  remove(): void;
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Bundles a module with one version of React, in its development build: only that build has StrictMode and warnings. */
const bundle = ({ react, dom }: (typeof reacts)[number], entry: string, outfile: string, options: BuildOptions) =>
  build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    jsx: "automatic",
    target: "es2022",
    define: { "process.env.NODE_ENV": '"development"' },
    ...(react !== "react" && { alias: { react, "react-dom": dom } }),
    ...options,
  });

/** Writes the named modules of docs/react.md into a folder. Returns the path of the first. */
const writeQuickStart = (folder: string, collector: string): string => {
  mkdirSync(folder);
  const docs = readFileSync(here("../../docs/react.md"), "utf8");
  const modules = [...docs.matchAll(/^```tsx (\S+)\n(.*?)^```$/gms)].map(([, name = "", code = ""]) => {
    writeFileSync(join(folder, name), code.replace("http://localhost:8787", collector));
    return join(folder, name);
  });
  return modules[0] ?? "";
};

const html = (script: string, collector: string, content = "") => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>React</title>
    <link rel="icon" href="data:," />
  </head>
  <body>
    <div id="root" data-collector="${collector}">${content}</div>
    <script type="module" src="/${script}.js"></script>
  </body>
</html>
`;

/** Builds the pages for every version of React. */
export const buildReactPages = async (collector: string): Promise<ReactPages> => {
  const folder = mkdtempSync(join(tmpdir(), "tidemark-react-"));
  const at = (name: string) => join(folder, name);
  const render: ReactPages["render"] = (version, scene) =>
    createRequire(import.meta.url)(at(`${version}-server.cjs`)).render(scene);
  const quickStart = writeQuickStart(at("quick-start"), collector);
  for (const each of reacts) {
    const { version } = each;
    await bundle(each, here("pages/client.tsx"), at(`${version}.js`), { format: "esm" });
    await bundle(each, here("pages/server.tsx"), at(`${version}-server.cjs`), { format: "cjs", platform: "node" });
    await bundle(each, quickStart, at(`${version}-quick-start.js`), {
      format: "esm",
      nodePaths: [here("../../node_modules")],
    });
    writeFileSync(at(`${version}.html`), html(version, collector));
    writeFileSync(at(`${version}-hydrated.html`), html(version, collector, render(version, "live").html));
    writeFileSync(at(`${version}-quick-start.html`), html(`${version}-quick-start`, collector));
  }
  return { folder, render, remove: () => rmSync(folder, { recursive: true }) };
};
