import type { ComponentChildren } from "preact";
import { toVisibleText } from "../../base/visibleText.ts";
import { safeHttpsUrl } from "../transcript/markdownTokens.ts";
import { usePanel } from "./panelContext.ts";

interface LinkProps {
  href: string;
  /** What the children say. */
  said: string;
  children: ComponentChildren;
}

/**
 * A link that an agent wrote: https only, its real address in the tooltip, opened by the extension. Others are text. One
 * whose text reads like another address says beside it where it leads.
 */
export function Link({ href, said, children }: LinkProps) {
  const panel = usePanel();
  const url = safeHttpsUrl(href);
  if (url === undefined) {
    return (
      <span class="dead-link">
        {children} <span class="dead-link-target">({toVisibleText(href)})</span>
      </span>
    );
  }
  const open = (event: MouseEvent) => {
    event.preventDefault();
    event.stopPropagation();
    panel.act("openLink", { url: url.href });
  };
  return (
    <>
      <a href={url.href} title={url.href} onClick={open} onAuxClick={open} rel="noreferrer">
        {children}
      </a>
      {readsLikeAnother(said, url) ? <span class="link-host"> ({url.host})</span> : null}
    </>
  );
}

/** Whether the text has something of an address (a dot or its like within a word) that does not begin as the URL does. */
function readsLikeAnother(said: string, { host }: URL): boolean {
  if (!/[^\s.][.\u2024\u3002\uff0e\uff61][^\s.]|:\/\//.test(said)) return false;
  const [begins] = said
    .trim()
    .replace(/^https:\/\//i, "")
    .split(/[/?#]/, 1);
  return begins?.toLowerCase() !== host;
}
