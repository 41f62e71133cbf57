/** The commands of Wrangler that the pages show, with the flags that they use. `wrangler.interop.ts` compares them with Wrangler. */
export const WRANGLER: Readonly<Record<string, readonly string[]>> = {
  "deployments list": [],
  dev: [],
  login: [],
  "r2 bucket create": [],
  rollback: [],
  "secret delete": [],
  "secret put": [],
  tail: ["--format", "--search", "--status"],
};
