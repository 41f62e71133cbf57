import { COOKIE_MAX_AGE_S } from "@tidemark/schema/limits";
import { toJson } from "../json.ts";
import { decodeURIComponent, encodeURIComponent, JSON } from "../platform.ts";
import { read, write } from "../sensors/members.ts";
import type { IdentityStore } from "./visitor.ts";

/**
 * An `identityStore` for {@link createTracker} that stores visitor and session in a cookie of a domain, which all its subdomains share.
 * The sites' servers receive the cookie too. If the browser blocks it, visitor and session last as long as the page. Some browsers
 * delete a cookie set by a script after seven days.
 *
 * @param domain A domain that contains all hosts of the site, such as `example.com`.
 */
export const acrossSubdomains =
  (domain: string): IdentityStore =>
  (name) => ({
    read() {
      const prefix = `${name}=`;
      const found = read(document, "cookie")
        .split("; ")
        .find((cookie) => cookie.startsWith(prefix));
      try {
        return JSON.parse(decodeURIComponent(found?.slice(prefix.length) ?? ""));
      } catch {
        return undefined;
      }
    },
    write(identity) {
      const value = identity ? encodeURIComponent(toJson(identity)) : "";
      const secure = location.protocol === "https:" ? "; secure" : "";
      const cookie = `${name}=${value}; domain=${domain}; path=/; max-age=${identity ? COOKIE_MAX_AGE_S : 0}; samesite=lax${secure}`;
      write(document, "cookie", cookie);
    },
  });
