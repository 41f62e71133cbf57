import { describe, expect, it } from "vitest";
import { importsIn } from "./imports.ts";

/**
 * Folders of the repository by rank, the lowest first. A folder imports only from itself and from folders of lower
 * ranks.
 */
const RANKS = [/^packages\/\w+\/src\//, /^(scripts|examples)\//, /^(tests|packages\/\w+\/test)\//, /^bench\//];

const rankOf = (file: string) => RANKS.findIndex((folder) => folder.test(file));

const imports = importsIn("{packages/*/{src,test},scripts,examples,tests,bench}/**/*.{ts,tsx}").flatMap(
  ({ from, target }) => (target === undefined ? [] : [{ from, target }]),
);

describe("the folders of the repository", () => {
  it("import no files of higher ranks", () => {
    expect(imports.filter(({ from, target }) => rankOf(from) > rankOf(target)).length).toBeGreaterThan(100);
    expect(imports.filter(({ from, target }) => rankOf(from) < rankOf(target))).toEqual([]);
  });
});
