import { fileURLToPath } from "node:url";
import { type Node, SyntaxKind } from "typescript/unstable/ast";
import {
  isExportDeclaration,
  isIdentifier,
  isInterfaceDeclaration,
  isNamedExports,
  isPropertySignatureDeclaration,
  isTypeAliasDeclaration,
} from "typescript/unstable/ast/is";
import { API, type Symbol as Declared, SignatureKind, SymbolFlags, type Type } from "typescript/unstable/sync";

/** A field of an interface: as it is written, and what its comment says. */
interface Field {
  name: string;
  type: string;
  isRequired: boolean;
  meaning: string;
}

/** Something that the SDK's root exports. */
export interface Exported {
  name: string;
  /** What its comment says. */
  meaning: string;
  /** The name of its type. */
  type: string;
  /** Of a function, the names of the types that it takes first and that it returns. */
  takes?: string | undefined;
  returns?: string | undefined;
  /** Of an interface, its fields. */
  fields: Field[];
  /** Of any other type, what it stands for, as it is written. */
  definition?: string;
}

const PROJECT = fileURLToPath(new URL("../../packages/sdk/tsconfig.json", import.meta.url));
const INDEX = fileURLToPath(new URL("../../packages/sdk/src/index.ts", import.meta.url));

const textOf = (node: Node): string => node.getSourceFile().text.slice(node.pos, node.end).trim();

/** The text of the doc comment before a declaration, one line a paragraph, with what it links to as code. */
const meaningOf = (node: Node): string => {
  // The comment of `export const a = …` stands before the whole statement.
  const statement = node.kind === SyntaxKind.VariableDeclaration ? node.parent.parent : node;
  return (/^\/\*\*(.*?)\*\//s.exec(textOf(statement))?.[1] ?? "")
    .replace(/^[ \t]*\* ?/gm, "")
    .replace(/\{@link ([\w.]+)\}/g, "`$1`")
    .trim();
};

const fieldOf = (member: Node): Field[] =>
  isPropertySignatureDeclaration(member) && isIdentifier(member.name) && member.type
    ? [
        {
          name: member.name.text,
          type: textOf(member.type),
          isRequired: !member.postfixToken,
          meaning: meaningOf(member),
        },
      ]
    : [];

/** What the SDK's root exports, by TypeScript's own account, in the order in which it does. */
export const sdkExports = (): Exported[] => {
  const api = new API();
  try {
    const [project] = api.updateSnapshot({ openProjects: [PROJECT] }).getProjects();
    const index = project?.program.getSourceFile(INDEX);
    if (!project || !index) throw new Error(`TypeScript does not find ${INDEX}`);
    const { checker } = project;

    const declarationOf = (symbol: Declared): Node => {
      const node = symbol.declarations[0]?.resolve();
      if (!node) throw new Error(`TypeScript does not find where ${symbol.name} is declared`);
      return node;
    };

    const names = index.statements.flatMap((statement) => {
      const clause = isExportDeclaration(statement) && statement.exportClause;
      return clause && isNamedExports(clause) ? clause.elements.map((element) => element.name) : [];
    });
    return names.map((name) => {
      const alias = checker.getSymbolAtLocation(name);
      if (!alias) throw new Error(`TypeScript does not know ${textOf(name)}`);
      const symbol = alias.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(alias) : alias;
      const declaration = declarationOf(symbol);
      const exported = { name: alias.name, meaning: meaningOf(declaration), type: alias.name, fields: [] };
      if (isInterfaceDeclaration(declaration)) return { ...exported, fields: declaration.members.flatMap(fieldOf) };
      if (isTypeAliasDeclaration(declaration)) {
        return { ...exported, definition: textOf(declaration.type).replace(/\/\*\*.*?\*\//gs, "") };
      }
      const type = symbol.flags & SymbolFlags.Variable && checker.getTypeOfSymbol(symbol);
      if (!type) return exported;
      const nameOf = (type: Type | undefined) => {
        const given = type && checker.getNonNullableType(type);
        return given ? checker.typeToString(given) : "";
      };
      const [call] = checker.getSignaturesOfType(type, SignatureKind.Call);
      const [parameter] = call?.getParameters() ?? [];
      return {
        ...exported,
        type: nameOf(type),
        takes: parameter && nameOf(checker.getTypeOfSymbol(parameter)),
        returns: call && nameOf(checker.getReturnTypeOfSignature(call)),
      };
    });
  } finally {
    api.close();
  }
};
