import {
  client,
  type ClientConnection,
  methods,
  ndJsonStream,
  PROTOCOL_VERSION,
  RequestError,
} from "@agentclientprotocol/sdk/unstable";
import type {
  ContentBlock,
  InitializeResponse,
  NewSessionResponse,
  PromptResponse,
  RequestPermissionResponse,
  SessionConfigOption,
} from "@agentclientprotocol/sdk/unstable";
import type { Logger } from "../../../base/logger.ts";
import { HOST_VERSION } from "../../version.ts";
import { AcpPermissionRequest, type AcpUpdate, parseSessionUpdate } from "./acpMessages.ts";

/** The only file that speaks through the ACP SDK: protocol version 1 over newline-delimited JSON. */
export interface AcpPeerHandlers {
  onUpdate(sessionId: string, update: AcpUpdate): void;
  onPermission(request: AcpPermissionRequest): Promise<RequestPermissionResponse>;
}

export type { ContentBlock, InitializeResponse, PromptResponse, RequestPermissionResponse };

/** What `session/new`, `load` and `resume` tell about a conversation. */
export type ConversationOptions = Pick<NewSessionResponse, "modes" | "configOptions">;

const maxMessageBytes = 32 * 1024 * 1024;

export class AcpPeer {
  readonly #connection: ClientConnection;

  constructor(
    streams: { input: WritableStream<Uint8Array>; output: ReadableStream<Uint8Array> },
    handlers: AcpPeerHandlers,
    logger: Logger,
  ) {
    const stream = ndJsonStream(streams.input, streams.output, { maxMessageBytes });
    this.#connection = client({ name: "Muster" })
      .onNotification(
        methods.client.session.update,
        (params: unknown) => parseSessionUpdate(params),
        ({ params }) => {
          if (params.update) handlers.onUpdate(params.sessionId, params.update);
        },
      )
      .onRequest(
        methods.client.session.requestPermission,
        (params: unknown) => AcpPermissionRequest.parse(params),
        ({ params }) => handlers.onPermission(params),
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
  initialize(signal: AbortSignal): Promise<InitializeResponse> {
    return this.#connection.agent.request(
      methods.agent.initialize,
      {
        protocolVersion: PROTOCOL_VERSION,
        clientInfo: { name: "muster", title: "Muster", version: HOST_VERSION },
        clientCapabilities: {
          fs: { readTextFile: false, writeTextFile: false },
          terminal: false,
          session: { notices: {}, configOptions: { boolean: {} } },
        },
      },
      { cancellationSignal: signal },
    );
  }

  newSession(cwd: string): Promise<NewSessionResponse> {
    return this.#connection.agent.request(methods.agent.session.new, { cwd, mcpServers: [] });
  }

  /** Replays the history as updates before it answers. */
  loadSession(sessionId: string, cwd: string): Promise<ConversationOptions> {
    return this.#connection.agent.request(methods.agent.session.load, { sessionId, cwd, mcpServers: [] });
  }

  resumeSession(sessionId: string, cwd: string): Promise<ConversationOptions> {
    return this.#connection.agent.request(methods.agent.session.resume, { sessionId, cwd, mcpServers: [] });
  }

  async setMode(sessionId: string, modeId: string): Promise<void> {
    await this.#connection.agent.request(methods.agent.session.setMode, { sessionId, modeId });
  }

  async setConfigOption(sessionId: string, configId: string, value: string): Promise<void> {
    await this.#connection.agent.request(methods.agent.session.setConfigOption, { sessionId, configId, value });
  }

  /** Answers when the turn is over. */
  prompt(sessionId: string, prompt: ContentBlock[]): Promise<PromptResponse> {
    return this.#connection.agent.request(methods.agent.session.prompt, { sessionId, prompt });
  }

  cancel(sessionId: string): Promise<void> {
    return this.#connection.agent.notify(methods.agent.session.cancel, { sessionId });
  }
}

/** The id of the select option of a category that offers a value, or undefined when the agent has no such choice. */
export function optionOffering(options: ConversationOptions, category: string, value: string): string | undefined {
  const offers = (option: SessionConfigOption): boolean =>
    option.type === "select" &&
    option.category === category &&
    option.options.some((entry) =>
      "group" in entry ? entry.options.some((inner) => inner.value === value) : entry.value === value,
    );
  return options.configOptions?.find(offers)?.id;
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
  return error instanceof RequestError;
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
