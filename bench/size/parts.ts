import { SourceMap } from "node:module";
import type { MinifiedCode } from "../../scripts/bundle/minify.ts";
import { brotliBytes } from "./brotli.ts";

/** A part of a bundle: one module, or all modules of a folder. */
export interface Part {
  /** The folder or the module, such as `sdk/delivery` or `sdk/delivery/queue.ts`. */
  name: string;
  /** Bytes of its code, minified. */
  minified: number;
  /**
   * Bytes that the compressed bundle has more than without the part's code. The sum of all parts is less than the whole
   * bundle, because parts repeat each other: what they share stays until the last of them is gone.
   */
  compressed: number;
}

/** Fewest bytes that the compressed bundle has because of a module that is listed by itself. */
const MIN_MODULE = 30;

/** Returns the module of a source, such as `sdk/delivery/queue.ts`; `program` for the program itself. */
const moduleOf = (source = ""): string => /packages\/(\w+)\/src\/(.+)$/.exec(source)?.slice(1).join("/") ?? "program";

/** Returns the folder within a package that contains a module. A module in none is its own folder. */
const folderOf = (module: string): string => module.split("/").slice(0, 2).join("/");

/**
 * Returns the parts of a bundle: its folders, the largest first, each before those of its modules that are not tiny. The
 * source map names the module of each character of the minified code, so the minified bytes of all folders add up to the
 * bundle.
 */
export const partsOf = (name: string, { code, map }: MinifiedCode): Part[] => {
  const sources = new SourceMap(JSON.parse(map));
  const owners: string[] = [];
  const lines = code.split("\n");
  for (const [line, text] of lines.entries())
    for (let column = 0; column < text.length; column += 1)
      owners.push(moduleOf((sources.findEntry(line, column) as { originalSource?: string }).originalSource));
  const characters = [...lines.join("")];
  const whole = brotliBytes(name, code);
  const measure = (part: string, isIn: (module: string) => boolean): Part => ({
    name: part,
    minified: owners.filter(isIn).length,
    compressed: whole - brotliBytes(name, characters.filter((_, index) => !isIn(owners[index] ?? "")).join("")),
  });
  const bySize = (a: Part, b: Part) => b.compressed - a.compressed;
  const modules = [...new Set(owners)];
  const folders = [...new Set(modules.map(folderOf))];
  return folders
    .map((folder) => measure(folder, (module) => folderOf(module) === folder))
    .toSorted(bySize)
    .flatMap((folder) => [
      folder,
      ...modules
        .filter((module) => module !== folder.name && folderOf(module) === folder.name)
        .map((module) => measure(module, (other) => other === module))
        .filter(({ compressed }) => compressed >= MIN_MODULE)
        .toSorted(bySize),
    ]);
};
