import * as vscode from "vscode";
import { parseHostProposal } from "../hosts/hostLink.ts";
import { toLabel } from "../platform/plainText.ts";
import { type StepButton, type StepFrame, textStep } from "../platform/steps.ts";

/** What is known of a host that is being added or changed. */
export interface HostDraft {
  readonly url: string;
  readonly name: string;
  /** `undefined`: the stored one stays; the empty text: there is none. */
  readonly token: string | undefined;
  /** File that the token comes from, for a host on this machine. */
  readonly tokenFile: string | undefined;
  /** Fingerprint of the certificate that the person has agreed to trust. */
  readonly certificate: string | undefined;
}

/** Where the form opens, and what was wrong with it the last time. */
export interface HostFormStart {
  readonly at: "address" | "token";
  readonly problem: string | undefined;
  /** It was tried and did not answer: the person may want to keep it all the same. */
  readonly canSaveAnyway: boolean;
}

export interface HostFormPorts {
  readonly title: string;
  /** An edited host has a stored token and a name of its own. */
  readonly isEdited: boolean;
  /** Asks for a file; `undefined` when the person chooses none. */
  readonly chooseFile: () => Promise<string | undefined>;
}

export type HostFormResult = { readonly kind: "test" | "save"; readonly draft: HostDraft };

/** Address, token and, where there is one already, the name. `undefined` when the person leaves. */
export async function askHost(
  ports: HostFormPorts,
  known: HostDraft,
  start: HostFormStart,
): Promise<HostFormResult | undefined> {
  const { title, isEdited } = ports;
  // A link may propose a name, which is shown like everything else that it proposes.
  const totalSteps = isEdited || known.name !== "" ? 3 : 2;
  const frame = (step: number): StepFrame => ({ title, step, totalSteps, canGoBack: step > 1 });
  let draft = known;
  let { problem } = start;
  for (let step = start.at === "address" ? 1 : 2; step <= totalSteps;) {
    const ask = step === 1 ? askAddress : step === 2 ? askToken : askName;
    const answer = await ask(ports, frame(step), draft, problem, start.canSaveAnyway);
    problem = undefined;
    if (answer === undefined) return undefined;
    if (answer === "back") step -= 1;
    else {
      draft = answer.draft;
      if (answer.isSaved) return { kind: "save", draft };
      if (!answer.isOpen) step += 1;
    }
  }
  return { kind: "test", draft };
}

/** `isOpen`: the step is not done yet. */
type Answer = { readonly draft: HostDraft; readonly isSaved?: boolean; readonly isOpen?: boolean } | "back" | undefined;

async function askAddress(
  _ports: HostFormPorts,
  frame: StepFrame,
  draft: HostDraft,
  problem: string | undefined,
  canSaveAnyway: boolean,
): Promise<Answer> {
  const save: StepButton = { icon: "save", tooltip: vscode.l10n.t("Save Without Connecting") };
  const result = await textStep({
    frame,
    prompt: vscode.l10n.t("Address of the host, or a link to it"),
    placeholder: vscode.l10n.t("wss://agents.example.com or ws://127.0.0.1:4500"),
    value: draft.url,
    problem,
    buttons: canSaveAnyway ? [save] : [],
    validate: (text) => {
      const parsed = parseHostProposal(text);
      return parsed.ok ? undefined : parsed.error.message;
    },
  });
  if (result.kind === "back" || result.kind === "cancel") return undefined;
  const parsed = parseHostProposal(result.value);
  if (!parsed.ok) return { draft: { ...draft, url: result.value }, isOpen: true };
  const { url, name, token } = parsed.value;
  const isSame = url === draft.url;
  return {
    draft: {
      ...draft,
      url,
      name: draft.name || (name === URL.parse(url)?.host ? "" : name),
      // A pasted address may bring its token along.
      token: token ?? draft.token,
      certificate: isSame ? draft.certificate : undefined,
    },
    isSaved: result.kind === "button",
  };
}

async function askToken(
  { isEdited, chooseFile }: HostFormPorts,
  frame: StepFrame,
  draft: HostDraft,
  problem: string | undefined,
): Promise<Answer> {
  const file: StepButton = { icon: "file", tooltip: vscode.l10n.t("Take the Token From a File…") };
  const result = await textStep({
    frame,
    prompt: tokenPrompt(draft, isEdited),
    value: draft.token ?? "",
    isPassword: true,
    problem,
    buttons: [file],
  });
  if (result.kind === "cancel") return undefined;
  if (result.kind === "back") return "back";
  if (result.kind === "button") {
    const tokenFile = await chooseFile();
    return tokenFile === undefined ? { draft, isOpen: true } : { draft: { ...draft, tokenFile, token: "" } };
  }
  const token = result.value.trim();
  if (token !== "") return { draft: { ...draft, token, tokenFile: undefined } };
  return { draft: { ...draft, token: draft.tokenFile === undefined ? undefined : "" } };
}

function tokenPrompt({ tokenFile }: HostDraft, isEdited: boolean): string {
  if (tokenFile) {
    return vscode.l10n.t("The token comes from {0}. Type one to use that instead.", toLabel(tokenFile, 100));
  }
  if (isEdited) return vscode.l10n.t("Access token of the host. Leave it empty to keep the one that is stored.");
  return vscode.l10n.t("Access token of the host. It is kept in the editor's secret storage.");
}

async function askName(_ports: HostFormPorts, frame: StepFrame, draft: HostDraft): Promise<Answer> {
  const result = await textStep({
    frame,
    prompt: vscode.l10n.t("What the host is called. Leave it empty to call it by its address."),
    value: draft.name,
  });
  if (result.kind === "cancel") return undefined;
  if (result.kind === "back") return "back";
  return { draft: { ...draft, name: result.value.trim() } };
}

/** One step: the token alone, of a host that has refused the one it got. */
export async function askNewToken(title: string, problem: string | undefined): Promise<string | undefined> {
  const result = await textStep({
    frame: { title, canGoBack: false },
    prompt: vscode.l10n.t("Access token of the host. It is kept in the editor's secret storage."),
    value: "",
    isPassword: true,
    problem,
    validate: (text) => (text.trim() === "" ? vscode.l10n.t("A token is needed.") : undefined),
  });
  return result.kind === "next" ? result.value.trim() : undefined;
}
