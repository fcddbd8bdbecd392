import type { ParamsOf, ResultOf } from "../../protocol/methods.ts";
import { checkBranch } from "../workspaces/refs.ts";
import { parseRepository } from "../workspaces/repositoryUrl.ts";
import type { Viewer } from "../access/sight.ts";
import type { FormsApi } from "../gateway/hostApi.ts";
import type { KnownRepositories } from "./knownRepositories.ts";
import { repositoryOfFolder } from "./repositoryFolders.ts";
import { ownerAndRepo, repositoryName } from "./wording.ts";

/** `known` is asked anew for each question, and for whoever asks it. */
export function newSessionForms(
  known: (viewer: Viewer | undefined) => KnownRepositories,
  allowLocal: readonly string[],
): FormsApi {
  return {
    resolveSessionConfig: (params, viewer) => newSessionForm(params, known(viewer), allowLocal),
    sessionConfigCompletions: (params, viewer) => newSessionCompletions(params, known(viewer), allowLocal),
  };
}

/** An empty value is as good as none. */
const nothingKnown = {
  value: "",
  label: "Type its address",
  description: "https, ssh, or a path that the host allows",
};
const defaultBranch = { value: "", label: "Default branch" };

type Form = ResultOf<"resolveSessionConfig">;

/**
 * The form that an editor draws for a session that is not yet. Where the person has chosen nothing, it is the working
 * directory's repository, or the one that was used last; the form's values show it, and what they show is what counts.
 */
export function newSessionForm(
  { workingDirectory, config }: Pick<ParamsOf<"resolveSessionConfig">, "workingDirectory" | "config">,
  known: KnownRepositories,
  allowLocal: readonly string[],
): Form {
  const chosen = config?.["repository"];
  const repository =
    (typeof chosen === "string" && chosen !== "" ? chosen : undefined) ??
    (workingDirectory === undefined ? undefined : usable(workingDirectory, known, allowLocal)) ??
    known.repositories[0];
  const fixed = { type: "string", enumDynamic: true, sessionMutable: false };
  return {
    schema: {
      type: "object",
      properties: {
        repository: {
          ...fixed,
          title: "Repository",
          description: "The repository that the agent works on, in a checkout of its own.",
          enum: [...known.repositories],
          enumLabels: known.repositories.map(labelOf),
        },
        baseBranch: {
          ...fixed,
          title: "Base branch",
          description: "The branch to start from; without one, the repository's default.",
        },
      },
      required: ["repository"],
    },
    values: { ...config, ...(repository !== undefined && { repository }) },
  };
}

/** What fits to the text that the person has typed so far, and the text itself where it can be used. */
export function newSessionCompletions(
  { property, query, config }: Pick<ParamsOf<"sessionConfigCompletions">, "property" | "query" | "config">,
  known: KnownRepositories,
  allowLocal: readonly string[],
): ResultOf<"sessionConfigCompletions"> {
  const repository = config?.["repository"];
  const typed = query?.trim() ?? "";
  const fits = (text: string) => text.toLowerCase().includes(typed.toLowerCase());
  switch (property) {
    case "repository": {
      const items = known.repositories.map((value) => ({ value, label: labelOf(value), description: value }));
      const found = items.filter(({ value, label }) => fits(value) || fits(label));
      const isOther = isAccepted(() => parseRepository(typed, allowLocal)) && !known.repositories.includes(typed);
      if (isOther) found.push({ value: typed, label: labelOf(typed), description: typed });
      // An editor opens no picker without an item, and without a picker nobody can type.
      return { items: found.length > 0 ? found : [nothingKnown] };
    }
    case "baseBranch": {
      const branches = typeof repository === "string" ? known.branchesOf(repository) : [];
      const isOther = isAccepted(() => checkBranch(typed)) && !branches.includes(typed);
      const offered = [...branches.filter(fits), ...(isOther ? [typed] : [])];
      return { items: [defaultBranch, ...offered.map((value) => ({ value, label: value }))] };
    }
    default:
      return { items: [] };
  }
}

/** The repository that a working directory means, if this host can work on it. */
function usable(folder: string, known: KnownRepositories, allowLocal: readonly string[]): string | undefined {
  return (
    repositoryOfFolder(folder, known.repositories) ??
    (isAccepted(() => parseRepository(folder, allowLocal)) ? folder : undefined)
  );
}

function labelOf(repository: string): string {
  const remote = ownerAndRepo(repository);
  return remote ? `${remote.owner}/${remote.repo}` : repositoryName(repository);
}

function isAccepted(check: () => unknown): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}
