import type { ComponentChildren } from "preact";
import { toVisibleText } from "../../base/visibleText.ts";
import { safeHttpsUrl } from "../transcript/markdownTokens.ts";
import { usePanel } from "./panelContext.ts";

/** A link that an agent wrote: https only, its real address in the tooltip, opened by the extension. Others are text. */
export function Link({ href, children }: { href: string; children: ComponentChildren }) {
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
    <a href={url.href} title={url.href} onClick={open} onAuxClick={open} rel="noreferrer">
      {children}
    </a>
  );
}
