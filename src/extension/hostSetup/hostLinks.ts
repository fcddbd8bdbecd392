import * as vscode from "vscode";
import type { Disposable } from "../../base/disposables.ts";
import { addHostPath, type HostProposal, parseHostLink } from "../hosts/hostLink.ts";
import type { ErrorPresenter } from "../platform/presentError.ts";

/** Links of the editor to this extension. They only ever fill in a form that the person goes through. */
export function handleLinks(
  addHost: (proposal: HostProposal) => Promise<void>,
  presenter: Pick<ErrorPresenter, "present">,
): Disposable {
  return vscode.window.registerUriHandler({
    async handleUri({ path, query }) {
      if (path !== addHostPath) return;
      try {
        const proposal = parseHostLink(query);
        if (!proposal.ok) throw proposal.error;
        await addHost(proposal.value);
      } catch (error) {
        await presenter.present(error, vscode.l10n.t("add the host"));
      }
    },
  });
}
