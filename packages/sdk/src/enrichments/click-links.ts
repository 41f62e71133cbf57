import { named } from "../events/named.ts";
import { HTMLAnchorElement } from "../platform.ts";
import { cleanUrl } from "../sensors/page-url.ts";
import type { ClickEnrichment, ClickFields } from "../signals/clicks.ts";

/** Paths of files that a browser downloads or opens in another program. */
const FILE = /\.(pdf|zip|t?gz|rar|7z|dmg|exe|msi|pkg|deb|rpm|apk|iso|docx?|xlsx?|pptx?|csv|epub|mp[34]|mov|avi|wav)$/i;

const kindOf = ({ protocol, host, pathname, download }: HTMLAnchorElement): NonNullable<ClickFields["link"]> => {
  if (protocol === "mailto:") return "mailto";
  if (protocol === "tel:") return "tel";
  if (!/^https?:$/.test(protocol)) return "other";
  if (download || FILE.test(pathname)) return "download";
  return host === location.host ? "internal" : "outbound";
};

/**
 * Adds the kind of the clicked link to {@link clicks}, and its origin and path for outbound links and downloads. Mail addresses and
 * telephone numbers are never sent.
 */
export const clickLinks: ClickEnrichment = /* @__PURE__ */ named("clickLinks", (event: MouseEvent) => {
  const link = event.composedPath().find((element) => element instanceof HTMLAnchorElement && element.href);
  if (!(link instanceof HTMLAnchorElement)) return {};
  const kind = kindOf(link);
  return { link: kind, ...((kind === "outbound" || kind === "download") && { link_url: cleanUrl(link.href) }) };
});
