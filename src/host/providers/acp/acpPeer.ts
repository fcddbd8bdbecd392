import * as z from "zod/mini";
import {
  client,
  type ClientConnection,
  methods,
  PROTOCOL_VERSION,
  RequestError,
} from "@agentclientprotocol/sdk/unstable";
import type {
  ContentBlock,
  InitializeResponse,
  PromptResponse,
  RequestPermissionResponse,
} from "@agentclientprotocol/sdk/unstable";
import type { Logger } from "../../../base/logger.ts";
import { HOST_VERSION } from "../../version.ts";
import { AcpChoices, AcpPermissionRequest, type AcpUpdate, parseSessionUpdate } from "./acpMessages.ts";
import type { OutputFlow } from "./outputFlow.ts";
import { acpStream } from "./acpStream.ts";
import { AcpElicitation, type ElicitationAnswer } from "./elicitation.ts";

/** The only file that speaks through the ACP SDK: protocol version 1 over newline-delimited JSON. */
export interface AcpPeerHandlers {
  onUpdate(sessionId: string, update: AcpUpdate): void;
  onPermission(request: AcpPermissionRequest): Promise<RequestPermissionResponse>;
  onElicitation(request: AcpElicitation): Promise<ElicitationAnswer>;
  /** A page that the agent sent a person to has done its part. */
  onElicitationComplete(elicitationId: string): void;
  /** It wrote something that is no ACP; `excerpt` is what, not cleaned. */
  onGarbage(excerpt: string): void;
  /** It wrote a message that no host could take in. The connection is lost. */
  onOversize(limitBytes: number): void;
  /** It wrote text beyond the allowance of `flow`. */
  onLeftOut(): void;
  /** It wrote more in one turn than any host could keep. The connection is lost. */
  onFlood(): void;
  /** What of its output is worth taking in. */
  readonly flow: OutputFlow;
}

export type { ContentBlock, InitializeResponse, PromptResponse, RequestPermissionResponse };

const Initialized = z.looseObject({ protocolVersion: z.number() });
const Conversation = z.looseObject({ sessionId: z.string().check(z.minLength(1)) });
const Prompted = z.looseObject({ stopReason: z.string() });
const Completed = z.looseObject({ elicitationId: z.string() });

/** An answer that is not what the protocol says. */
export class ProtocolViolation extends Error {}

/** @throws ProtocolViolation */
function checked<T>(schema: z.core.$ZodType, method: string, answer: T): T {
  if (z.safeParse(schema, answer).success) return answer;
  throw new ProtocolViolation(`its answer to ${method} is not what the protocol says`);
}

const maxMessageBytes = 32 * 1024 * 1024;

export class AcpPeer {
  readonly #connection: ClientConnection;

  constructor(
    streams: { input: WritableStream<Uint8Array>; output: ReadableStream<Uint8Array> },
    handlers: AcpPeerHandlers,
    logger: Logger,
  ) {
    const stream = acpStream(streams, maxMessageBytes, handlers, handlers.flow);
    this.#connection = client({ name: "Muster" })
      .onNotification(
        methods.client.session.update,
        (params: unknown) => parseSessionUpdate(params),
        ({ params }) => {
          if (params?.update) handlers.onUpdate(params.sessionId, params.update);
          else if (params) logger.debug("agent update not understood", { kind: params.kind });
          else handlers.onGarbage("a session/update without a session or a kind");
        },
      )
      .onRequest(
        methods.client.session.requestPermission,
        (params: unknown) => AcpPermissionRequest.parse(params),
        ({ params }) => handlers.onPermission(params),
      )
      .onRequest(
        "elicitation/create",
        (params: unknown) => AcpElicitation.parse(params),
        ({ params }) => handlers.onElicitation(params),
      )
      .onNotification(
        "elicitation/complete",
        (params: unknown) => Completed.safeParse(params),
        ({ params }) => {
          if (params.success) handlers.onElicitationComplete(params.data.elicitationId);
        },
      )
      // Extensions arrive unasked; a refusal of each would only fill the log.
      .onNotification("*", ({ method }) => logger.debug("agent notification not understood", { method }))
      .onRequest("*", ({ method }) => {
        logger.debug("agent request refused", { method });
        throw RequestError.methodNotFound(method);
      })
      .connect(stream);
  }

  /** Resolves when either side has closed. */
  get closed(): Promise<void> {
    return this.#connection.closed;
  }

  close(): void {
    this.#connection.close();
  }

  /** Neither files nor terminals are offered: an agent works inside its own workspace. */
  async initialize(signal: AbortSignal): Promise<InitializeResponse> {
    const answer = await this.#connection.agent.request(
      methods.agent.initialize,
      {
        protocolVersion: PROTOCOL_VERSION,
        clientInfo: { name: "muster", title: "Muster", version: HOST_VERSION },
        clientCapabilities: {
          fs: { readTextFile: false, writeTextFile: false },
          terminal: false,
          session: { notices: {}, configOptions: { boolean: {} } },
          elicitation: { form: {}, url: {} },
        },
      },
      { cancellationSignal: signal },
    );
    return checked(Initialized, "initialize", answer);
  }

  async authenticate(methodId: string): Promise<void> {
    await this.#connection.agent.request(methods.agent.authenticate, { methodId });
  }

  async newSession(cwd: string): Promise<{ id: string; choices: AcpChoices }> {
    const answer = await this.#connection.agent.request(methods.agent.session.new, { cwd, mcpServers: [] });
    return { id: checked(Conversation, "session/new", answer).sessionId, choices: choicesIn(answer) };
  }

  /** Replays the history as updates before it answers. */
  async loadSession(sessionId: string, cwd: string): Promise<AcpChoices> {
    const params = { sessionId, cwd, mcpServers: [] };
    return choicesIn(await this.#connection.agent.request(methods.agent.session.load, params));
  }

  async resumeSession(sessionId: string, cwd: string): Promise<AcpChoices> {
    const params = { sessionId, cwd, mcpServers: [] };
    return choicesIn(await this.#connection.agent.request(methods.agent.session.resume, params));
  }

  /** Another conversation that goes on from this one; nothing is replayed. */
  async forkSession(sessionId: string, cwd: string): Promise<{ id: string; choices: AcpChoices }> {
    const params = { sessionId, cwd, mcpServers: [] };
    // The SDK has types only for what is stable.
    const { fork } = methods.agent.session;
    const answer = await this.#connection.agent.request<{ sessionId: string }>(fork, params);
    return { id: checked(Conversation, "session/fork", answer).sessionId, choices: choicesIn(answer) };
  }

  async setMode(sessionId: string, modeId: string): Promise<void> {
    await this.#connection.agent.request(methods.agent.session.setMode, { sessionId, modeId });
  }

  /** Resolves with all options as they are then, if the agent tells them: one may depend on another. */
  async setConfigOption(
    sessionId: string,
    configId: string,
    value: string,
  ): Promise<AcpChoices["configOptions"] | undefined> {
    const { setConfigOption } = methods.agent.session;
    const answer = await this.#connection.agent.request(setConfigOption, { sessionId, configId, value });
    return choicesIn(answer).configOptions;
  }

  /** Answers when the turn is over. */
  async prompt(sessionId: string, prompt: ContentBlock[]): Promise<PromptResponse> {
    const answer = await this.#connection.agent.request(methods.agent.session.prompt, { sessionId, prompt });
    return checked(Prompted, "session/prompt", answer);
  }

  cancel(sessionId: string): Promise<void> {
    return this.#connection.agent.notify(methods.agent.session.cancel, { sessionId });
  }
}

function choicesIn(answer: unknown): AcpChoices {
  const parsed = AcpChoices.safeParse(answer ?? {});
  return parsed.success ? parsed.data : {};
}

/** A JSON-RPC error's own words: many agents put the reason into `data`. */
export function requestErrorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error instanceof RequestError)) return error.message;
  const { data } = error;
  const detail = typeof data === "string" ? data : reasonInside(data);
  return detail === undefined || detail === "" || detail === error.message
    ? error.message
    : `${error.message}: ${detail}`;
}

/** Did the agent itself answer with an error? Anything else thrown means that the connection is lost. */
export function isAgentAnswer(error: unknown): boolean {
  return error instanceof RequestError || error instanceof ProtocolViolation;
}

/** ACP's own code for "sign in first". */
export function isAuthRequired(error: unknown): boolean {
  return error instanceof RequestError && error.code === -32000;
}

function reasonInside(data: unknown): string | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  for (const key of ["details", "detail", "message", "error", "reason"]) {
    const value: unknown = Reflect.get(data, key);
    if (typeof value === "string") return value;
    const inner = reasonInside(value);
    if (inner !== undefined) return inner;
  }
  return undefined;
}
