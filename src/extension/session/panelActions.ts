import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import { isHttpsAddress } from "../../base/httpsAddress.ts";
import type { Client } from "../../client/client.ts";
import type { StateAction } from "../../protocol/actions.ts";
import type { ChatState, Message } from "../../protocol/chatState.ts";
import type { PanelHandlers, PullRequestAct } from "../../protocol/panel.ts";
import type { LogMethods } from "../../protocol/panelLog.ts";
import { choicesOf } from "../../protocol/sessionChoices.ts";
import type { PendingToolCall } from "../../protocol/toolCall.ts";
import { type ChangedFile, changedFilesOf } from "../fleet/changedFiles.ts";
import type { AgentTarget } from "../ids.ts";
import type { Telemetry } from "../platform/telemetry.ts";
import { type CheckpointPorts, checkpointHandlers } from "./panelCheckpoints.ts";
import { contentHandlers } from "./panelContent.ts";
import type { LogPorts } from "./panelLogs.ts";
import type { PanelSource } from "./panelSource.ts";

/** What a panel may set in motion outside of its own agent's channels. */
export interface PanelPorts extends LogPorts, CheckpointPorts {
  readonly review: (target: AgentTarget) => Promise<void>;
  readonly createPullRequest: (target: AgentTarget) => Promise<void>;
  readonly showPullRequest: (target: AgentTarget) => Promise<void>;
  readonly actOnPullRequest: (target: AgentTarget, act: PullRequestAct) => Promise<void>;
  readonly openFileDiff: (target: AgentTarget, path: string) => Promise<void>;
  /** The URL has been checked; the editor still asks about a domain that it does not know. */
  readonly openExternal: (url: URL) => Promise<void>;
  readonly reconnect: (hostId: string) => void;
  readonly signIn: (target: AgentTarget) => Promise<void>;
  /** Both sides of a changed file, as text. */
  readonly readSides: (target: AgentTarget, file: ChangedFile) => Promise<{ before: string; after: string }>;
}

export interface PanelActionOptions {
  readonly source: PanelSource;
  readonly target: AgentTarget;
  readonly ports: PanelPorts;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly telemetry: Pick<Telemetry, "send">;
}

/** What the bridge itself answers: it is about what the page is told. */
export type BridgeMethod = "ready" | "loadOlder" | "followTimeline" | "leaveTimeline" | keyof typeof LogMethods;
export type PanelActionHandlers = Omit<PanelHandlers, BridgeMethod>;

/** What each request of a page does. Every answer is checked against the state as it is here, not as the page saw it. */
export function panelActions(options: PanelActionOptions): PanelActionHandlers {
  const { source, target, ports, clock, newId, telemetry } = options;

  const live = (): { client: Client; uri: string; state: ChatState } => {
    const { client, chat } = source;
    if (client === undefined || client.state.kind !== "live" || chat?.state === undefined) {
      throw new AppError(
        "host.disconnected",
        "There is no connection to the host. What you typed is kept; try again when it is back.",
      );
    }
    return { client, uri: chat.uri, state: chat.state };
  };
  const dispatch = async (toAction: (state: ChatState) => StateAction): Promise<null> => {
    const { client, uri, state } = live();
    await client.dispatch(uri, toAction(state));
    return null;
  };
  /** An answer counts for what the page shows, so that a yes never reaches what came after it. */
  const answer = async (toAction: (state: ChatState) => StateAction): Promise<null> => {
    const { client, uri, state } = live();
    await client.dispatch(uri, toAction(state), source.shownSeq);
    return null;
  };

  return {
    ...contentHandlers(source, (file) => ports.readSides(target, file)),
    ...checkpointHandlers(options),
    sendPrompt: ({ text, model }) =>
      dispatch((state) => {
        const message: Message = { ...fromUser(text), ...(model !== undefined && { model: { id: model } }) };
        const isBusy = state.activeTurn !== undefined || (state.queuedMessages?.length ?? 0) > 0;
        if (isBusy) return { type: "chat/pendingMessageSet", kind: "queued", id: newId(), message };
        return { type: "chat/turnStarted", turnId: newId(), startedAt: new Date(clock.now()).toISOString(), message };
      }),
    removeQueued: ({ id }) =>
      dispatch((state) => {
        const kind = state.steeringMessage?.id === id ? "steering" : "queued";
        return { type: "chat/pendingMessageRemoved", kind, id };
      }),
    steer: ({ text }) =>
      dispatch((state) => {
        if (state.activeTurn === undefined)
          throw new AppError("conflict", "The agent has stopped. Send the message instead.");
        if (!source.facts().canSteer)
          throw new AppError("request.rejected", "This host cannot tell an agent in the midst of its turn.");
        return { type: "chat/pendingMessageSet", kind: "steering", id: newId(), message: fromUser(text) };
      }),
    editQueued: ({ id, text }) =>
      dispatch((state) => {
        const waiting = state.queuedMessages?.find((each) => each.id === id);
        if (waiting === undefined) throw new AppError("conflict", "That message waits no more: the agent has it.");
        return { type: "chat/pendingMessageSet", kind: "queued", id, message: { ...waiting.message, text } };
      }),
    advanceQueued: ({ id }) =>
      dispatch((state) => {
        const order = (state.queuedMessages ?? []).map((each) => each.id);
        const at = order.indexOf(id);
        if (at < 0) throw new AppError("conflict", "That message waits no more: the agent has it.");
        order.splice(Math.max(0, at - 1), 0, ...order.splice(at, 1));
        return { type: "chat/queuedMessagesReordered", order };
      }),
    choose: async ({ property, value }) => {
      const { client } = live();
      const choice = source.session && choicesOf(source.session).find((each) => each.id === property);
      if (!choice?.available.some((each) => each.id === value))
        throw new AppError("conflict", "The agent does not offer that choice any more.");
      await client.dispatch(target.session, { type: "session/configChanged", config: { [property]: value } });
      return null;
    },
    stop: () =>
      dispatch(({ activeTurn }) => {
        if (activeTurn === undefined) throw new AppError("conflict", "The agent has stopped already.");
        const duration = Math.max(0, clock.now() - Date.parse(activeTurn.startedAt)) || 0;
        return { type: "chat/turnCancelled", turnId: activeTurn.id, duration };
      }),
    resume: ({ turnId }) => dispatch(() => ({ type: "chat/turnResume", turnId })),
    approve: async ({ turnId, toolCallId, optionId }) => {
      await answer((state) => {
        const toolCall = pendingCall(state, turnId, toolCallId);
        const option = chosenOption(toolCall, optionId, "approve");
        return {
          type: "chat/toolCallConfirmed",
          turnId,
          toolCallId,
          ...option,
          approved: true,
          confirmed: "user-action",
        };
      });
      telemetry.send("agent.answered", { answer: "approved", from: "panel" });
      return null;
    },
    deny: async ({ turnId, toolCallId, optionId, note }) => {
      await answer((state) => {
        const toolCall = pendingCall(state, turnId, toolCallId);
        const option = chosenOption(toolCall, optionId, "deny");
        const suggestion = note === undefined ? {} : { userSuggestion: note };
        return {
          type: "chat/toolCallConfirmed",
          turnId,
          toolCallId,
          ...option,
          approved: false,
          reason: "denied",
          ...suggestion,
        };
      });
      telemetry.send("agent.answered", { answer: "denied", from: "panel" });
      return null;
    },
    answerInput: ({ requestId, response, answers }) =>
      answer(() => ({
        type: "chat/inputCompleted",
        requestId,
        response,
        ...(response === "accept" && { answers }),
      })),
    review: () => done(ports.review(target)),
    createPullRequest: () => done(ports.createPullRequest(target)),
    showPullRequest: () => done(ports.showPullRequest(target)),
    actOnPullRequest: ({ act }) => done(ports.actOnPullRequest(target, act)),
    reconnect: () => {
      ports.reconnect(target.hostId);
      return null;
    },
    signIn: () => done(ports.signIn(target)),
    openDiff: ({ fileId }) => {
      const files = changedFilesOf(source.changeset ?? { files: [] }, source.session?.workingDirectories);
      const file = files.find(({ id }) => id === fileId);
      if (file === undefined) throw new AppError("notFound", "That file is not among the agent's changes any more.");
      return done(ports.openFileDiff(target, file.path));
    },
    copy: ({ text }) => done(ports.copy(text)),
    openLink: ({ url }) => done(ports.openExternal(httpsUrl(url))),
  };
}

function fromUser(text: string): Message {
  return { text, origin: { kind: "user" } };
}

async function done(work: Promise<void>): Promise<null> {
  await work;
  return null;
}

/** The call that the page showed, if it still waits: an answer never lands on another one. */
function pendingCall(state: ChatState, turnId: string, toolCallId: string): PendingToolCall {
  const parts = state.activeTurn?.id === turnId ? state.activeTurn.responseParts : [];
  for (const part of parts) {
    if (part.kind !== "toolCall" || part.toolCall.status !== "pending-confirmation") continue;
    if (part.toolCall.toolCallId === toolCallId) return part.toolCall;
  }
  throw new AppError("conflict", "This request waits no more: it was answered elsewhere, or the agent went on.");
}

/** An option counts only for what it is: the agent's word "deny" cannot ride on an approval, nor the other way round. */
function chosenOption(
  toolCall: PendingToolCall,
  optionId: string | undefined,
  kind: "approve" | "deny",
): { selectedOptionId?: string } {
  if (optionId === undefined) return {};
  const option = toolCall.options?.find(({ id }) => id === optionId);
  if (option?.kind !== kind) throw new AppError("conflict", "The agent does not offer that answer any more.");
  return { selectedOptionId: optionId };
}

/** The page has looked at it before; it is not believed. */
export function httpsUrl(text: string): URL {
  const url = isHttpsAddress(text) ? URL.parse(text) : null;
  if (url === null) throw new AppError("permission.denied", "Only https links are opened, and this is not one.");
  return url;
}
