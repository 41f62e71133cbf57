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

/** A field of an interface, from its source text and doc comment. */
interface Field {
  name: string;
  type: string;
  isRequired: boolean;
  meaning: string;
}

/** An export of the SDK's root entry. */
export interface Exported {
  name: string;
  /** Text of its doc comment. */
  meaning: string;
  /** Name of its type; of a type, its own name. */
  type: string;
  /** Of a function: names of the type of its first parameter and of its return type. */
  takes?: string | undefined;
  returns?: string | undefined;
  /** Of an interface: its fields. */
  fields: Field[];
  /** Of another type: its definition as source text. */
  definition?: string;
}

const PROJECT = fileURLToPath(new URL("../../packages/sdk/tsconfig.json", import.meta.url));
const INDEX = fileURLToPath(new URL("../../packages/sdk/src/index.ts", import.meta.url));

const textOf = (node: Node): string => node.getSourceFile().text.slice(node.pos, node.end).trim();

/** The text of the doc comment before a declaration. Links become code. */
const meaningOf = (node: Node): string => {
  // The comment of `export const a = …` is before the whole statement.
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

/**
 * The exports of the SDK's root entry, in its order, as TypeScript resolves them.
 *
 * @throws Error when TypeScript cannot resolve one.
 */
export const sdkExports = (): Exported[] => {
  const api = new API();
  try {
    const [project] = api.updateSnapshot({ openProjects: [PROJECT] }).getProjects();
    const index = project?.program.getSourceFile(INDEX);
    if (!project || !index) throw new Error(`TypeScript cannot find ${INDEX}`);
    const { checker } = project;

    const declarationOf = (symbol: Declared): Node => {
      const node = symbol.declarations[0]?.resolve();
      if (!node) throw new Error(`TypeScript cannot find the declaration of ${symbol.name}`);
      return node;
    };

    const names = index.statements.flatMap((statement) => {
      const clause = isExportDeclaration(statement) && statement.exportClause;
      return clause && isNamedExports(clause) ? clause.elements.map((element) => element.name) : [];
    });
    return names.map((name) => {
      const alias = checker.getSymbolAtLocation(name);
      if (!alias) throw new Error(`TypeScript cannot resolve the export ${textOf(name)}`);
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
        const nonNullable = type && checker.getNonNullableType(type);
        return nonNullable ? checker.typeToString(nonNullable) : "";
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
