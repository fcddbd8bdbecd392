import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { Client } from "../../client/client.ts";
import type { Contexts } from "../platform/contexts.ts";
import type { Dialogs } from "../platform/dialogs.ts";
import { AgentLauncher, type LaunchOptions } from "./launchAgent.ts";
import { type DraftStore, LaunchDrafts } from "./launchDraft.ts";
import { LaunchFromAgent, type LaunchFromAgentOptions } from "./launchFromAgent.ts";
import { LaunchFromCode } from "./launchFromCode.ts";
import { registerLaunchFromIssue, type LaunchFromIssueOptions } from "./launchFromIssue.ts";
import { registerLaunchFromTemplate, type LaunchFromTemplateOptions } from "./launchFromTemplate.ts";
import { PromptDocuments } from "./promptDocuments.ts";
import type { LaunchSeed } from "./launchFlow.ts";

export interface LaunchingOptions
  extends
    Omit<LaunchOptions, "drafts" | "documents">,
    Pick<LaunchFromAgentOptions, "resolveAgent" | "agent">,
    Pick<LaunchFromIssueOptions, "readIssue">,
    Pick<LaunchFromTemplateOptions, "templates" | "openSettings"> {
  readonly dialogs: Pick<Dialogs, "progress">;
  readonly contexts: Pick<Contexts, "set">;
  /** Survive reloads: choices belong to the person, documents to the window. */
  readonly global: DraftStore;
  readonly workspace: DraftStore;
}

/** Starting agents: from a prompt, and from everything that a prompt can be about. */
export function startLaunching(options: LaunchingOptions): Disposable {
  const owned = new Disposables();
  const { commands, connections, contexts, dialogs, global, workspace } = options;
  const drafts = new LaunchDrafts(global);
  const documents = owned.add(new PromptDocuments(workspace, contexts));
  const launcher = owned.add(new AgentLauncher({ ...options, drafts, documents }));
  const launch = (seed: LaunchSeed) => launcher.run(seed);
  const canLaunch = () => connections.all.some(({ state }) => state.kind === "live");
  const client = (hostId: string): Client => connections.client(hostId);
  owned.add(new LaunchFromCode({ commands, launch, canLaunch }));
  owned.add(
    new LaunchFromAgent({
      ...options,
      client,
      launch,
      launchFork: async (request) => {
        await drafts.merge({ aside: request.prompt });
        await launcher.launch([request], { slot: "aside" });
      },
      keep: (typed) => void drafts.merge({ aside: typed }),
    }),
  );
  owned.add(registerLaunchFromIssue({ ...options, dialogs, documents, drafts }));
  owned.add(registerLaunchFromTemplate({ ...options, documents, launch }));
  return owned;
}
