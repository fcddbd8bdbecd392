import type { StateAction } from "../../protocol/actions.ts";
import type { TerminalState } from "../../protocol/terminal.ts";
import type { ClientOrigin } from "./storedRecord.ts";

export const terminalLimits = { titleLength: 300, uriLength: 400, inputLength: 64 * 1024, maxSize: 1_000 };

/**
 * Why a client may not dispatch this action on a terminal in this state; see `refusal`. A claim says who uses a terminal,
 * it locks nobody out: whoever may act in a session may type.
 */
export function refuseTerminalAction(
  state: TerminalState,
  action: StateAction,
  origin: ClientOrigin,
): string | undefined {
  if (action.type === "terminal/titleChanged") {
    const isTooLong = action.title.length > terminalLimits.titleLength;
    return isTooLong ? `A title has at most ${terminalLimits.titleLength} characters.` : undefined;
  }
  if (state.isPty === false) return "This terminal only shows the output of a command.";
  if (state.isPty !== true) return "This host does not offer that.";
  if (action.type === "terminal/cleared") return undefined;
  if (state.lifecycle?.status !== "running") return "The shell of this terminal has ended. Open another terminal.";
  switch (action.type) {
    case "terminal/input": {
      const isTooLong = action.data.length > terminalLimits.inputLength;
      return isTooLong ? `At most ${terminalLimits.inputLength} characters can be typed at once.` : undefined;
    }
    case "terminal/resized":
      return refuseSize(action);
    case "terminal/claimed":
      return refuseClaim(state, action.claim, origin);
    default:
      return "This host does not offer that.";
  }
}

/** Why a terminal cannot have this size, as a sentence; undefined if it can. */
export function refuseSize({ cols, rows }: { readonly cols: number; readonly rows: number }): string | undefined {
  const { maxSize } = terminalLimits;
  const isUsable = [cols, rows].every((each) => Number.isInteger(each) && each >= 1 && each <= maxSize);
  return isUsable ? undefined : `A terminal has 1 to ${maxSize} columns and rows.`;
}

/** For oneself, or back to a session by whoever has it; what a session has stays with that session. */
function refuseClaim(state: TerminalState, claim: TerminalState["claim"], origin: ClientOrigin): string | undefined {
  const { claim: present } = state;
  if (claim.kind === "client" && claim.clientId === origin.clientId) return undefined;
  const isGivenBack = present.kind === "client" && present.clientId === origin.clientId;
  const isSame = present.kind === "session" && claim.kind === "session" && claim.session === present.session;
  return claim.kind === "session" && (isGivenBack || isSame)
    ? undefined
    : "A client may claim a terminal for itself only.";
}
