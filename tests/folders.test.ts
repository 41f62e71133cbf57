import { expect, it } from "vitest";
import { importsIn } from "./imports.ts";

/** The folders of the repository from the lowest rank to the highest: each imports only its own files and those of lower ranks. */
const RANKS = [/^packages\/\w+\/src\//, /^(scripts|examples)\//, /^(tests|packages\/\w+\/test)\//, /^bench\//];

const rankOf = (file: string) => RANKS.findIndex((folder) => folder.test(file));

const imports = importsIn("{packages/*/{src,test},scripts,examples,tests,bench}/**/*.{ts,tsx}").flatMap(
  ({ from, target }) => (target === undefined ? [] : [{ from, target }]),
);

it("packages, scripts, tests and bench import only downwards", () => {
  expect(imports.filter(({ from, target }) => rankOf(from) > rankOf(target)).length).toBeGreaterThan(100);
  expect(imports.filter(({ from, target }) => rankOf(from) < rankOf(target))).toEqual([]);
});
