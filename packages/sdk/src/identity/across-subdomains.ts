import { COOKIE_MAX_AGE_S } from "@tidemark/schema/limits";
import type { IdentityStore } from "./visitor.ts";

/**
 * For the option `identityStore` of {@link createTracker}: keeps visitor and session in a cookie of the domain, so that all its
 * subdomains share them. The pages' servers see the cookie too. Where the browser takes none, they last as long as the page.
 * Some browsers keep a cookie that a script sets for seven days only.
 *
 * @param domain A domain that all the pages' hosts are in, as `example.com`.
 */
export const acrossSubdomains =
  (domain: string): IdentityStore =>
  (name) => ({
    read() {
      const prefix = `${name}=`;
      const found = document.cookie.split("; ").find((cookie) => cookie.startsWith(prefix));
      try {
        return JSON.parse(decodeURIComponent(found?.slice(prefix.length) ?? ""));
      } catch {
        return undefined;
      }
    },
    write(visit) {
      const value = visit ? encodeURIComponent(JSON.stringify(visit)) : "";
      const secure = location.protocol === "https:" ? "; secure" : "";
      // biome-ignore lint/suspicious/noDocumentCookie: a page that goes away must have written it, and the Cookie Store API makes it wait
      document.cookie = `${name}=${value}; domain=${domain}; path=/; max-age=${visit ? COOKIE_MAX_AGE_S : 0}; samesite=lax${secure}`;
    },
  });
