import { useState } from "preact/hooks";
import { Icon } from "./Icon.tsx";
import { usePanel } from "./panelContext.ts";
import { t } from "./l10n.ts";

export function CopyButton({ text, label }: { text: string; label: string }) {
  const panel = usePanel();
  const [copied, setCopied] = useState(false);
  const copy = () => {
    panel.act("copy", { text });
    setCopied(true);
  };
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={copied ? t("Copied") : label}
      title={copied ? t("Copied") : label}
      onClick={copy}
      onBlur={() => setCopied(false)}
      onMouseLeave={() => setCopied(false)}
    >
      <Icon name={copied ? "check" : "copy"} />
    </button>
  );
}
