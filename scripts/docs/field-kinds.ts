import { deriveEventFields } from "../../packages/schema/src/derive/event-fields.ts";

/** The module that lists the fields of the contract for programs without zod, as `packages/schema` has it. */
export const fieldKindsModule = (): string => {
  const types = Object.entries(deriveEventFields()).map(([type, fields]) => {
    const lines = Object.entries(fields).map(
      ([path, kind]) => `    ${/^\w+$/.test(path) ? path : JSON.stringify(path)}: ${JSON.stringify(kind)},\n`,
    );
    return lines.length > 0 ? `  ${type}: {\n${lines.join("")}  },\n` : `  ${type}: {},\n`;
  });
  return `import type { FieldKinds } from "./event-fields.ts";

/** The fields of the contract's events. Written from the contract by \`pnpm run docs\`; a test fails when they differ. */
export const eventFieldKinds: FieldKinds = {
${types.join("")}};
`;
};
