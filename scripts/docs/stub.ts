import { bundleStub, integrityOf } from "../bundle/script-tag.ts";

const stub = await bundleStub();

/** The stub as a page has it inline. */
export const stubScript = (): string => `\`\`\`html\n<script>${stub}</script>\n\`\`\``;

/** What a Content-Security-Policy says to allow the stub inline. */
export const stubHash = (): string => `    script-src '${integrityOf(stub, "sha256")}'`;
