import { AppError } from "../../../base/appError.ts";
import type { Clock } from "../../../base/clock.ts";
import type { AgentInfo } from "../../../protocol/root.ts";
import { cleanText } from "../../workspaces/gitFailure.ts";
import type { Isolation } from "../../workspaces/isolation.ts";
import type { AgentConnection, AgentContext, Provider } from "../provider.ts";
import { AcpConnection, crashError } from "./acpConnection.ts";
import {
  AcpPeer,
  type ConversationOptions,
  isAgentAnswer,
  isAuthRequired,
  optionOffering,
  requestErrorText,
} from "./acpPeer.ts";
import {
  type AcpAgent,
  agentEnvironment,
  type Expansion,
  findCommand,
  secretsOf,
  writeAgentFiles,
} from "./agentCatalogue.ts";
import { AgentProcess } from "./agentProcess.ts";

export interface AcpProviderOptions {
  readonly isolation: Isolation;
  readonly clock: Clock;
  /** The host's environment, for `${env:NAME}` and PATH. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly randomId: () => string;
  readonly limits?: {
    readonly startTimeoutMs?: number;
    readonly cancelGraceMs?: number;
    readonly turnTimeoutMs?: number;
  };
}

const defaultLimits = { startTimeoutMs: 90_000, cancelGraceMs: 5_000, turnTimeoutMs: 4 * 3_600_000 };

/** Any agent that speaks ACP over its standard streams: one process a connection, inside the session's workspace. */
export class AcpProvider implements Provider {
  readonly info: AgentInfo;
  readonly #agent: AcpAgent;
  readonly #options: AcpProviderOptions;
  readonly #limits: typeof defaultLimits;

  constructor(agent: AcpAgent, options: AcpProviderOptions) {
    this.#agent = agent;
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.info = {
      provider: agent.id,
      displayName: agent.displayName,
      description: agent.description ?? "",
      models: (agent.models ?? []).map(({ id, name }) => ({ id, provider: agent.id, name })),
    };
  }

  async connect(context: AgentContext): Promise<AgentConnection> {
    const { isolation, clock, env, randomId } = this.#options;
    const { workspace, sessionId, signal } = context;
    const values: Expansion = { home: workspace.home, workspace: workspace.root, sessionId, env };
    const environment = agentEnvironment(this.#agent, values);
    const command = await findCommand(this.#agent, values, environment["PATH"] ?? "");
    await writeAgentFiles(this.#agent, values);
    const plan = await isolation.plan({ command, env: environment, root: workspace.root, home: workspace.home });
    if (signal.aborted) throw this.#stopped();
    const logger = context.logger.child("acp");
    const secrets = secretsOf(this.#agent, values);
    const process = new AgentProcess({ plan, marker: randomId(), clock, logger, secrets });
    const { cancelGraceMs, turnTimeoutMs } = this.#limits;
    const parts = {
      displayName: this.#agent.displayName,
      context,
      process,
      clock,
      secrets,
      cancelGraceMs,
      turnTimeoutMs,
    };
    const connection = new AcpConnection(parts);
    signal.addEventListener("abort", () => void connection.dispose(), { once: true });
    try {
      const peer = new AcpPeer(process.streams(), connection, logger);
      await this.#start(peer, connection, process, context);
      logger.info("agent connected", { agent: this.#agent.id, resumed: connection.resumed, isolation: isolation.kind });
      return connection;
    } catch (error) {
      const failure = await this.#startFailure(error, process, context, secrets);
      await connection.dispose();
      throw failure;
    }
  }

  async #start(peer: AcpPeer, connection: AcpConnection, process: AgentProcess, context: AgentContext): Promise<void> {
    const timeout = Promise.withResolvers<never>();
    const timer = this.#options.clock.setTimeout(() => {
      const seconds = Math.round(this.#limits.startTimeoutMs / 1000);
      timeout.reject(new AppError("timeout", `${this.#agent.displayName} did not start within ${seconds} seconds.`));
    }, this.#limits.startTimeoutMs);
    const gone = Promise.race([process.exited, peer.closed]).then(() => {
      throw new AppError("agent.crashed", "ended while starting");
    });
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => aborted.reject(this.#stopped());
    context.signal.addEventListener("abort", onAbort, { once: true });
    try {
      await Promise.race([this.#openConversation(peer, connection, context), gone, timeout.promise, aborted.promise]);
    } finally {
      timer.dispose();
      context.signal.removeEventListener("abort", onAbort);
    }
  }

  async #openConversation(peer: AcpPeer, connection: AcpConnection, context: AgentContext): Promise<void> {
    const { agentCapabilities, protocolVersion } = await peer.initialize(context.signal);
    if (protocolVersion !== 1) {
      throw new AppError(
        "agent.failed",
        `${this.#agent.displayName} speaks version ${protocolVersion} of ACP; this host speaks version 1.`,
      );
    }
    const root = context.workspace.root;
    const earlier = context.agentSessionId;
    let conversation: { id: string; resumed: boolean; options: ConversationOptions } | undefined;
    // A replay (`load`) ends before its answer, and the connection ignores updates until it is ready.
    if (earlier !== undefined && agentCapabilities?.sessionCapabilities?.resume) {
      conversation = await this.#tryEarlier(context, earlier, () => peer.resumeSession(earlier, root));
    }
    if (conversation === undefined && earlier !== undefined && agentCapabilities?.loadSession) {
      conversation = await this.#tryEarlier(context, earlier, () => peer.loadSession(earlier, root));
    }
    if (conversation === undefined) {
      const { sessionId, ...options } = await peer.newSession(root);
      conversation = { id: sessionId, resumed: false, options };
    }
    const { id, resumed, options } = conversation;
    await this.#choose(peer, id, options, context);
    const acceptsResources = agentCapabilities?.promptCapabilities?.embeddedContext ?? false;
    connection.ready(peer, { id, resumed, acceptsResources });
  }

  async #tryEarlier(context: AgentContext, id: string, open: () => Promise<ConversationOptions | undefined | void>) {
    try {
      return { id, resumed: true, options: (await open()) ?? {} };
    } catch (error) {
      context.logger.warn("agent could not take up its earlier conversation", {
        agent: this.#agent.id,
        reason: cleanText(requestErrorText(error)),
      });
      return undefined;
    }
  }

  /** Model and mode, where the agent offers them. A choice that it refuses does not stop the work. */
  async #choose(peer: AcpPeer, id: string, options: ConversationOptions, context: AgentContext): Promise<void> {
    const wishes: [name: string, set: (() => Promise<void>) | undefined][] = [];
    const { model } = context;
    const { mode } = this.#agent;
    const modelOption = model === undefined ? undefined : optionOffering(options, "model", model);
    if (model !== undefined)
      wishes.push([
        "model",
        modelOption === undefined ? undefined : () => peer.setConfigOption(id, modelOption, model),
      ]);
    if (mode !== undefined) {
      const modeOption = optionOffering(options, "mode", mode);
      const isMode = options.modes?.availableModes.some((offered) => offered.id === mode);
      const viaMode = isMode ? () => peer.setMode(id, mode) : undefined;
      wishes.push(["mode", modeOption === undefined ? viaMode : () => peer.setConfigOption(id, modeOption, mode)]);
    }
    for (const [name, set] of wishes) {
      try {
        if (set) await set();
        else context.logger.warn("agent does not offer the choice", { agent: this.#agent.id, name });
      } catch (error) {
        context.logger.warn("agent refused the choice", {
          agent: this.#agent.id,
          name,
          reason: cleanText(requestErrorText(error)),
        });
      }
    }
  }

  async #startFailure(
    error: unknown,
    process: AgentProcess,
    context: AgentContext,
    secrets: readonly string[],
  ): Promise<AppError> {
    const { displayName } = this.#agent;
    if (context.signal.aborted) return this.#stopped();
    if (AppError.is(error) && error.code !== "agent.crashed") return error;
    const reason = cleanText(requestErrorText(error), secrets);
    if (isAuthRequired(error)) {
      const sentence = `${displayName} wants a sign-in or an API key: ${reason}. Set it in the agent's "env" in the host's configuration.`;
      return new AppError("agent.failed", sentence, { cause: error });
    }
    if (isAgentAnswer(error)) {
      return new AppError("agent.failed", `${displayName} could not start a conversation: ${reason}`, { cause: error });
    }
    await process.end(true);
    return crashError(displayName, process, await process.exited, error);
  }

  #stopped(): AppError {
    return new AppError("cancelled", `${this.#agent.displayName} was stopped before it had started.`);
  }
}
