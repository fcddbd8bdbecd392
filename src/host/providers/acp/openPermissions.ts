import type { PermissionAnswer } from "../provider.ts";
import type { AcpPermissionOption } from "./acpMessages.ts";
import type { RequestPermissionResponse } from "./acpPeer.ts";

interface OpenPermission {
  readonly options: readonly AcpPermissionOption[];
  readonly resolve: (response: RequestPermissionResponse) => void;
}

/** What the agent is told when nobody answers. */
export const withdrawnPermission: RequestPermissionResponse = { outcome: { outcome: "cancelled" } };

/** The tool calls of one turn that wait for a person's permission. */
export class OpenPermissions {
  readonly #open = new Map<string, OpenPermission>();

  get isEmpty(): boolean {
    return this.#open.size === 0;
  }

  /** Resolves with the person's choice. Who asks again about the same call has withdrawn what was asked before. */
  async ask(toolCallId: string, options: readonly AcpPermissionOption[]): Promise<RequestPermissionResponse> {
    this.#open.get(toolCallId)?.resolve(withdrawnPermission);
    return await new Promise((resolve) => {
      this.#open.set(toolCallId, { options, resolve });
    });
  }

  /** False when nothing was asked about this call. */
  answer(toolCallId: string, answer: PermissionAnswer): boolean {
    const permission = this.#open.get(toolCallId);
    if (!permission) return false;
    this.#open.delete(toolCallId);
    const option = chooseOption(permission.options, answer);
    permission.resolve(option ? { outcome: { outcome: "selected", optionId: option.optionId } } : withdrawnPermission);
    return true;
  }

  /** Returns the calls that are without an answer. */
  withdraw(): readonly string[] {
    const open = [...this.#open];
    this.#open.clear();
    for (const [, { resolve }] of open) resolve(withdrawnPermission);
    return open.map(([toolCallId]) => toolCallId);
  }
}

/** The option that was named if it fits the answer, else the mildest one that does. */
function chooseOption(
  options: readonly AcpPermissionOption[],
  answer: PermissionAnswer,
): AcpPermissionOption | undefined {
  const prefix = answer.approved ? "allow" : "reject";
  const fitting = options.filter(({ kind }) => kind.startsWith(prefix));
  return (
    fitting.find(({ optionId }) => optionId === answer.optionId) ??
    fitting.find(({ kind }) => kind === `${prefix}_once`) ??
    fitting[0]
  );
}
