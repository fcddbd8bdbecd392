import * as vscode from "vscode";
import { toLine } from "../../base/visibleText.ts";
import type { ReportNote } from "../../protocol/report.ts";
import type { HostConnection } from "../hosts/hosts.ts";
import { sightOf } from "../hosts/sight.ts";

/**
 * Why a page can't show a host's agents as they are; nothing while the host is there.
 * @param isShown what the page is about is known from before
 * @param offline what that means when the host is away, by the host's name
 */
export function hostNote(
  connection: Pick<HostConnection, "host" | "state"> | undefined,
  isShown: boolean,
  offline: (hostName: string) => string,
): ReportNote | undefined {
  if (connection === undefined) {
    return { text: vscode.l10n.t("The host of these agents is not configured any more. Add it again to see them.") };
  }
  const { host, state } = connection;
  const name = toLine(host.name, 60);
  switch (sightOf(state)) {
    case "connecting":
      return isShown ? undefined : { text: vscode.l10n.t("Connecting to {0}…", name) };
    case "offline":
      return { text: offline(name), hostId: host.id };
    case "live":
    default:
      return undefined;
  }
}
