import type { SessionObject } from "./session.ts";

/** The bindings that `wrangler.toml` gives the Worker. Secrets are beside them, under the names that the sites give. */
export interface Env {
  SESSION: DurableObjectNamespace<SessionObject>;
}

/** The one object that holds a site's session. The site is part of its name: sites cannot reach each other's. */
export const sessionOf = (env: Env, site: string, sessionId: string) => env.SESSION.getByName(`${site}:${sessionId}`);
