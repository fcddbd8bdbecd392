import { useEffect, useState } from "preact/hooks";
import { toLine } from "../../base/visibleText.ts";
import { Icon } from "./Icon.tsx";
import { usePanel } from "./panelContext.ts";
import { t } from "./l10n.ts";

/** Kinds that are pixels and nothing else. */
export function isPicture(contentType: string | undefined): boolean {
  return /^image\/(?:png|jpeg|gif|webp)$/.test(contentType ?? "");
}

/** A picture that the agent's host keeps, read by the extension when it is drawn. */
export function Picture({ uri, name }: { uri: string; name: string }) {
  const panel = usePanel();
  const [url, setUrl] = useState<string | undefined>(undefined);
  const [problem, setProblem] = useState<string | undefined>(undefined);
  useEffect(() => {
    let isWanted = true;
    panel.request("readImage", { uri }).then(
      (result) => isWanted && setUrl(result.url),
      (error: unknown) => isWanted && setProblem(error instanceof Error ? error.message : String(error)),
    );
    return () => {
      isWanted = false;
    };
  }, [panel, uri]);
  if (problem !== undefined) {
    return (
      <p class="muted">
        <Icon name="file-media" /> {toLine(name, 120)}: {problem}
      </p>
    );
  }
  if (url === undefined) {
    return (
      <p class="muted">
        <Icon name="loading" class="codicon-modifier-spin" /> {t("Reading the picture")}
      </p>
    );
  }
  return <DataPicture url={url} name={name} />;
}

/** A picture that is in the message itself. */
export function EmbeddedPicture({ data, contentType, name }: { data: string; contentType: string; name: string }) {
  const isBase64 = data.length < 7_000_000 && /^[A-Za-z0-9+/]+={0,2}$/.test(data);
  if (!isBase64) return <p class="muted">{t("A picture that cannot be shown ({0}).", toLine(contentType, 60))}</p>;
  return <DataPicture url={`data:${contentType};base64,${data}`} name={name} />;
}

function DataPicture({ url, name }: { url: string; name: string }) {
  return <img class="picture" src={url} alt={toLine(name, 200)} loading="lazy" />;
}
