import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseSync } from "oxc-parser";
import { describe, expect, it } from "vitest";
import { boundWebVitals } from "../scripts/bundle/web-vitals.ts";

const SDK = fileURLToPath(new URL("../packages/sdk/src/", import.meta.url));

/** The stub, which a page includes inline before its other scripts. */
const STUB = "script-tag/stub.ts";

/** Names that no script and no element of a page can replace. */
const UNFORGEABLE = ["document", "location", "window", "undefined", "Infinity"];

/** Constants that a build inserts. */
const INSERTED = ["TAG_FILES", "TAG_VERSION"];

interface Node {
  type: string;
  name?: string;
  computed?: boolean;
  source?: unknown;
  [field: string]: unknown;
}

/** Fields of a node that hold its types or the name of one of its properties, and no reference. */
const isName = ({ type, computed }: Node, field: string): boolean =>
  ["typeAnnotation", "returnType", "typeParameters", "typeArguments", "label"].includes(field) ||
  (!computed && type === "MemberExpression" && field === "property") ||
  (!computed && ["Property", "PropertyDefinition", "MethodDefinition"].includes(type) && field === "key") ||
  (type === "ImportSpecifier" && field === "imported") ||
  (type === "ExportSpecifier" && field === "exported");

/** Types that contain a value: `value as Type`. All other nodes of types contain none. */
const VALUES = ["TSAsExpression", "TSSatisfiesExpression", "TSNonNullExpression"];

/** Fields of a node that declare names. */
const DECLARATIONS: Record<string, string> = {
  VariableDeclarator: "id",
  FunctionDeclaration: "id",
  ClassDeclaration: "id",
  ImportSpecifier: "local",
  ImportNamespaceSpecifier: "local",
  CatchClause: "param",
};

const replaceable = (name: string): boolean => ![...UNFORGEABLE, ...INSERTED].includes(name);

/** The global names that a module reads. */
const globalNamesIn = (path: string, code: string): string[] => {
  const declared = new Set<string>();
  const referenced = new Set<string>();

  const visit = (value: unknown, isDeclaration: boolean): void => {
    if (Array.isArray(value)) for (const each of value) visit(each, isDeclaration);
    const node = value as Node | null;
    if (typeof node?.type !== "string" || (node.type.startsWith("TS") && !VALUES.includes(node.type))) return;
    if (node.type === "ExportNamedDeclaration" && node.source) return;
    if (node.type === "Identifier") (isDeclaration ? declared : referenced).add(`${node.name}`);
    for (const [field, child] of Object.entries(node)) {
      if (isName(node, field)) continue;
      const declares = field === "params" || field === DECLARATIONS[node.type];
      // A default value within a pattern is no declaration.
      const isPattern = isDeclaration && !(node.type === "AssignmentPattern" && field === "right");
      visit(child, declares || isPattern);
    }
  };
  visit(parseSync(path, code).program, false);
  return [...referenced].filter((name) => !declared.has(name));
};

describe("the SDK", () => {
  it.each(globSync("**/*.ts", { cwd: SDK, exclude: ["platform.ts", STUB] }))(
    "reads no global name in %s that a page can replace",
    (path) => {
      expect(globalNamesIn(path, readFileSync(SDK + path, "utf8")).filter(replaceable)).toEqual([]);
    },
  );

  it("reads no such name in web-vitals either, as builds contain it", () => {
    expect(globalNamesIn("web-vitals.js", boundWebVitals("./names.js")).filter(replaceable)).toEqual([]);
  });

  it("reads members of the document by their prototypes only", () => {
    const direct = globSync("**/*.ts", { cwd: SDK, exclude: ["inspector/**", STUB] }).flatMap((path) =>
      [...readFileSync(SDK + path, "utf8").matchAll(/^(?!\s*(?:\*|\/\/)).*\bdocument\.\w+/gm)].map(
        ([line]) => `${path}: ${line}`,
      ),
    );
    expect(direct).toEqual([]);
  });

  it("is searched for all global names", () => {
    const code = "const a = { Map: 1, [Set]: 2 }; export const f = (b: Date = new URL(a.JSON)) => b as Error;";
    expect(globalNamesIn("a.ts", code)).toEqual(["Set", "URL"]);
  });
});
