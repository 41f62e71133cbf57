import { bundleStub, integrityOf } from "../bundle/script-tag.ts";

const stub = await bundleStub();

/** The stub as an inline script, in a Markdown code block. */
export const stubScript = (): string => `\`\`\`html\n<script>${stub}</script>\n\`\`\``;

/** The Content-Security-Policy directive that allows the inline stub. */
export const stubHash = (): string => `    script-src '${integrityOf(stub, "sha256")}'`;
