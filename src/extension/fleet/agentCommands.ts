import { AppError } from "../../base/appError.ts";
import type { Clock } from "../../base/clock.ts";
import type { Client } from "../../client/client.ts";
import type { ChannelKind, StateAction } from "../../protocol/actions.ts";
import type { ChatState, Message } from "../../protocol/chatState.ts";
import type { InputAnswer, InputResponse } from "../../protocol/input.ts";
import type { ChannelStates } from "../../protocol/reduce.ts";
import type { SessionInputRequest, SessionState } from "../../protocol/sessionState.ts";
import { isInProgress, needsInput } from "../../protocol/status.ts";
import { chatUri } from "../../protocol/uris.ts";

/** One agent on its host. */
export interface AgentAddress {
  readonly client: Client;
  readonly session: string;
}

export type ToolAnswer =
  | { readonly approved: true; readonly optionId?: string | undefined }
  | { readonly approved: false; readonly optionId?: string | undefined; readonly note?: string | undefined };

/** Sends an action on a channel that need not be open, and learns the host's answer by following it for that long. */
export async function dispatchOn(
  client: Client,
  kind: "session" | "chat",
  uri: string,
  action: StateAction,
): Promise<void> {
  await following(client, kind, uri, () => client.dispatch(uri, action));
}

/** What the host says of the session at this moment. */
export async function readSession({ client, session }: AgentAddress): Promise<SessionState> {
  return following(client, "session", session, async (state) => state);
}

/** The chat that a prompt goes to. A session that names none has the one that VS Code derives for it. */
export function defaultChatOf(session: string, { defaultChat, chats }: SessionState): string {
  return defaultChat ?? chats[0]?.resource ?? chatUri(session);
}

/** Gives the agent a message of the person's: a turn of its own, after whatever it is at and whatever waits already. */
export async function sendMessage(
  { client, session }: AgentAddress,
  { text, attachments }: Pick<Message, "text" | "attachments">,
  ports: { readonly clock: Clock; readonly newId: () => string },
): Promise<void> {
  const chat = defaultChatOf(session, await readSession({ client, session }));
  await following(client, "chat", chat, async ({ activeTurn, queuedMessages = [] }) => {
    const message: Message = { text, origin: { kind: "user" }, ...(attachments && { attachments }) };
    const isBusy = activeTurn !== undefined || queuedMessages.length > 0;
    const startedAt = new Date(ports.clock.now()).toISOString();
    await client.dispatch(
      chat,
      isBusy
        ? { type: "chat/pendingMessageSet", kind: "queued", id: ports.newId(), message }
        : { type: "chat/turnStarted", turnId: ports.newId(), startedAt, message },
    );
  });
}

/** Ends every running turn. */
export async function stopAgent({ client, session }: AgentAddress, clock: Clock): Promise<void> {
  for (const chat of await chatsOf(client, session, isInProgress)) {
    await following(client, "chat", chat, async ({ activeTurn }) => {
      if (activeTurn === undefined) return;
      const duration = Math.max(0, clock.now() - Date.parse(activeTurn.startedAt)) || 0;
      await client.dispatch(chat, { type: "chat/turnCancelled", turnId: activeTurn.id, duration });
    });
  }
}

/** Takes up the last turn where an error ended it. */
export async function retryAgent({ client, session }: AgentAddress): Promise<void> {
  for (const chat of await chatsOf(client, session, () => true)) {
    const isResumed = await following(client, "chat", chat, async (state) => {
      const turnId = resumableTurn(state);
      if (turnId === undefined) return false;
      await client.dispatch(chat, { type: "chat/turnResume", turnId });
      return true;
    });
    if (isResumed) return;
  }
  throw new AppError(
    "conflict",
    "There is nothing to take up: the last turn did not end by an error that can be retried.",
  );
}

/** What the agent waits for, from the session or, on hosts that do not gather it there, from its chats. */
export async function readRequests({ client, session }: AgentAddress): Promise<readonly SessionInputRequest[]> {
  const gathered = await following(client, "session", session, async ({ inputNeeded }) => inputNeeded ?? []);
  if (gathered.length > 0) return gathered;
  const chats = await chatsOf(client, session, needsInput);
  const found = await Promise.all(
    chats.map((chat) => following(client, "chat", chat, async (state) => requestsOfChat(chat, state))),
  );
  return found.flat();
}

/** Answers one tool call that waits for a person, as it was shown at `seenSeq`. The answer is known when the host echoes it or the request is gone. */
export async function answerToolCall(
  { client, session }: AgentAddress,
  request: Extract<SessionInputRequest, { kind: "toolConfirmation" }>,
  answer: ToolAnswer,
  seenSeq: number | undefined,
): Promise<void> {
  const answered = client.dispatch(request.chat, toolAnswerAction(request, answer), seenSeq);
  await untilGone({ client, session }, request.id, answered);
}

export async function answerQuestion(
  { client, session }: AgentAddress,
  request: Extract<SessionInputRequest, { kind: "chatInput" }>,
  response: InputResponse,
  answers: Record<string, InputAnswer> | undefined,
  seenSeq: number | undefined,
): Promise<void> {
  const action: StateAction = {
    type: "chat/inputCompleted",
    requestId: request.request.id,
    response,
    ...(answers && { answers }),
  };
  await untilGone({ client, session }, request.id, client.dispatch(request.chat, action, seenSeq));
}

function toolAnswerAction(
  { turnId, toolCall }: Extract<SessionInputRequest, { kind: "toolConfirmation" }>,
  answer: ToolAnswer,
): StateAction {
  if (!("toolCallId" in toolCall))
    throw new AppError("request.invalid", "This request is of a kind that Muster does not know.");
  const { toolCallId } = toolCall;
  if (toolCall.status === "pending-result-confirmation") {
    return { type: "chat/toolCallResultConfirmed", turnId, toolCallId, approved: answer.approved };
  }
  const option = answer.optionId === undefined ? {} : { selectedOptionId: answer.optionId };
  const call = { type: "chat/toolCallConfirmed", turnId, toolCallId, ...option } as const;
  if (answer.approved) return { ...call, approved: true, confirmed: "user-action" };
  return { ...call, approved: false, reason: "denied", ...(answer.note && { userSuggestion: answer.note }) };
}

/**
 * A host answers a dispatch to those who follow the chat; who only follows the session sees the request go instead.
 * Whichever comes first counts.
 */
async function untilGone({ client, session }: AgentAddress, requestId: string, answered: Promise<void>): Promise<void> {
  const handle = client.subscribe("session", session);
  const gone = Promise.withResolvers<void>();
  let wasThere = false;
  const look = (state: SessionState | undefined) => {
    const isThere = state?.inputNeeded?.some(({ id }) => id === requestId) ?? false;
    if (wasThere && !isThere && state !== undefined) gone.resolve();
    wasThere ||= isThere;
  };
  look(handle.state);
  handle.onDidChange(({ state }) => look(state));
  try {
    await Promise.race([answered, gone.promise]);
  } finally {
    answered.catch(() => undefined);
    handle.dispose();
  }
}

/** Chats whose status fits. A session that tells no chats has the one that VS Code derives for it. */
async function chatsOf(client: Client, session: string, fits: (status: number) => boolean): Promise<readonly string[]> {
  const state = await readSession({ client, session });
  const known = state.chats.filter(({ status }) => fits(status)).map(({ resource }) => resource);
  return state.chats.length > 0 ? known : [defaultChatOf(session, state)];
}

/** What `use` makes of the channel's state. Rejects with `host.disconnected` when the host cannot be asked. */
export async function following<K extends ChannelKind, T>(
  client: Client,
  kind: K,
  uri: string,
  use: (state: ChannelStates[K]) => Promise<T>,
): Promise<T> {
  if (client.state.kind !== "live") {
    throw notConnected();
  }
  const handle = client.subscribe(kind, uri);
  // A command that waits for a reconnect would act when nobody expects it any more.
  const dropped = Promise.withResolvers<never>();
  const listening = client.onDidChangeState(({ kind }) => {
    if (kind !== "live") dropped.reject(notConnected());
  });
  dropped.promise.catch(() => undefined);
  try {
    return await use(await Promise.race([handle.ready, dropped.promise]));
  } finally {
    listening.dispose();
    handle.dispose();
  }
}

function notConnected(): AppError {
  return new AppError(
    "host.disconnected",
    "There is no connection to the host of this agent. Try again when it is back.",
  );
}

/** The id of the last turn if it ended by an error that allows going on. */
export function resumableTurn({ turns, activeTurn }: Pick<ChatState, "turns" | "activeTurn">): string | undefined {
  const last = turns.at(-1);
  const part = last?.responseParts.at(-1);
  const isResumable = last?.state === "error" && part?.kind === "error" && part.resumable === true;
  return isResumable && activeTurn === undefined ? last.id : undefined;
}

/** What the running turn of a chat waits for. */
export function requestsOfChat(chat: string, { activeTurn }: ChatState): readonly SessionInputRequest[] {
  if (activeTurn === undefined) return [];
  const turnId = activeTurn.id;
  return activeTurn.responseParts.flatMap((part): SessionInputRequest[] => {
    if (part.kind === "inputRequest" && part.response === undefined) {
      return [{ id: `${chat}#${part.request.id}`, kind: "chatInput", chat, request: part.request }];
    }
    if (part.kind !== "toolCall") return [];
    const { toolCall } = part;
    if (toolCall.status !== "pending-confirmation" && toolCall.status !== "pending-result-confirmation") return [];
    return [{ id: `${chat}#${toolCall.toolCallId}`, kind: "toolConfirmation", chat, turnId, toolCall }];
  });
}
