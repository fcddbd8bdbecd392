import { AppError } from "../../../base/appError.ts";
import type { Clock } from "../../../base/clock.ts";
import type { AgentInfo } from "../../../protocol/root.ts";
import { cleanText } from "../../workspaces/gitFailure.ts";
import type { Isolation } from "../../isolation/isolation.ts";
import type { AgentConnection, AgentContext, Provider } from "../provider.ts";
import { AcpConnection } from "./acpConnection.ts";
import type { AcpChoices } from "./acpMessages.ts";
import { AcpPeer, isAgentAnswer, requestErrorText } from "./acpPeer.ts";
import {
  type AcpAgent,
  agentEnvironment,
  agentFiles,
  type Expansion,
  findCommand,
  secretsOf,
} from "./agentCatalogue.ts";
import { answerError, crashError, startTimeout, versionError } from "./agentFailures.ts";
import { AgentLog } from "./agentLog.ts";
import { AgentProcess } from "./agentProcess.ts";
import { confinementOf } from "./agentConfinement.ts";
import { AgentChoices } from "./choices.ts";
import { newConversation } from "./signIn.ts";

export interface AcpProviderOptions {
  readonly isolation: Isolation;
  readonly clock: Clock;
  /** The host's environment, for `${env:NAME}` and PATH. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly randomId: () => string;
  readonly limits?: {
    readonly startTimeoutMs?: number;
    readonly cancelGraceMs?: number;
    /** How long a working agent may say nothing before its session says so; 0 for ever. */
    readonly silenceMs?: number;
  };
}

const defaultLimits = {
  startTimeoutMs: 90_000,
  cancelGraceMs: 5_000,
  silenceMs: 10 * 60_000,
};

interface Start {
  readonly context: AgentContext;
  /** The agent's own. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Any agent that speaks ACP over its standard streams: one process a connection, inside the session's workspace. */
export class AcpProvider implements Provider {
  readonly info: AgentInfo;
  readonly #agent: AcpAgent;
  readonly #options: AcpProviderOptions;
  readonly #limits: typeof defaultLimits;
  #running = 0;

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

  /** Programs of this agent that run at present. */
  get running(): number {
    return this.#running;
  }

  async connect(context: AgentContext): Promise<AgentConnection> {
    const { isolation, clock, env, randomId } = this.#options;
    const { workspace, sessionId, signal } = context;
    const values: Expansion = { home: workspace.home, workspace: workspace.root, sessionId, env };
    const environment = agentEnvironment(this.#agent, values, workspace.env);
    const command = await findCommand(this.#agent, values, environment["PATH"] ?? "");
    const plan = await isolation.plan({
      sessionId,
      command,
      env: environment,
      root: workspace.root,
      home: workspace.home,
      files: agentFiles(this.#agent, values),
      ...confinementOf(this.#agent, values, environment),
    });
    if (signal.aborted) {
      await plan.box?.end();
      throw this.#stopped();
    }
    const logger = context.logger.child("acp");
    const secrets = secretsOf(this.#agent, values);
    const log = new AgentLog(clock, secrets, (data) => signal.aborted || context.emit({ channel: "log", data }));
    const onStderr = (text: string) => log.write(text);
    const marker = randomId();
    const watched = context.watchProgram?.({ marker, cgroups: plan.box?.cgroups });
    const onEnding = watched?.ending;
    const process = new AgentProcess({ plan, marker, clock, logger, secrets, onStderr, onEnding });
    this.#running += 1;
    void process.exited.then(({ exitCode, signal: name, startError }) => {
      this.#running -= 1;
      log.flush();
      log.line(`[${this.#agent.displayName} ended: ${startError ?? name ?? `exit code ${exitCode}`}]`);
      log.dispose();
    });
    void process.exited.then(onEnding);
    const { cancelGraceMs, silenceMs } = this.#limits;
    const parts = {
      displayName: this.#agent.displayName,
      context,
      process,
      clock,
      secrets,
      log,
      cancelGraceMs,
      silenceMs,
      tokensOf: this.#agent.tokens ?? "turn",
    };
    const connection = new AcpConnection(parts);
    signal.addEventListener("abort", () => void connection.dispose(), { once: true });
    try {
      const peer = new AcpPeer(process.streams(), connection, logger);
      await this.#start(peer, connection, process, { context, environment });
      logger.info("agent connected", { agent: this.#agent.id, resumed: connection.resumed, isolation: isolation.kind });
      return connection;
    } catch (error) {
      const failure = await this.#startFailure(error, process, connection, { context, secrets });
      await connection.dispose();
      throw failure;
    }
  }

  async #start(peer: AcpPeer, connection: AcpConnection, process: AgentProcess, start: Start): Promise<void> {
    const { context } = start;
    const timeout = Promise.withResolvers<never>();
    const timer = this.#options.clock.setTimeout(() => {
      const seconds = Math.round(this.#limits.startTimeoutMs / 1000);
      timeout.reject(startTimeout(this.#agent.displayName, seconds, connection.lastGarbage));
    }, this.#limits.startTimeoutMs);
    const gone = Promise.race([process.exited, peer.closed]).then(() => {
      throw new AppError("agent.crashed", "ended while starting");
    });
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => aborted.reject(this.#stopped());
    context.signal.addEventListener("abort", onAbort, { once: true });
    try {
      const opening = this.#openConversation(peer, connection, start);
      await Promise.race([opening, gone, timeout.promise, aborted.promise, connection.failed]);
    } finally {
      timer.dispose();
      context.signal.removeEventListener("abort", onAbort);
    }
  }

  async #openConversation(peer: AcpPeer, connection: AcpConnection, { context, environment }: Start): Promise<void> {
    const { agentCapabilities, protocolVersion, authMethods } = await peer.initialize(context.signal);
    if (protocolVersion !== 1) throw versionError(this.#agent.displayName, protocolVersion);
    const root = context.workspace.root;
    const earlier = context.agentSessionId;
    const { resume, fork } = agentCapabilities?.sessionCapabilities ?? {};
    let conversation: { id: string; resumed: boolean; choices: AcpChoices } | undefined;
    if (earlier !== undefined && context.isCopy && fork) {
      conversation = await this.#tryEarlier(context, () => peer.forkSession(earlier, root));
    }
    // A replay (`load`) ends before its answer, and the connection ignores what was said until it is ready.
    const same = async (choices: Promise<AcpChoices>) => ({ id: earlier ?? "", choices: await choices });
    if (conversation === undefined && earlier !== undefined && resume) {
      conversation = await this.#tryEarlier(context, () => same(peer.resumeSession(earlier, root)));
    }
    if (conversation === undefined && earlier !== undefined && agentCapabilities?.loadSession) {
      conversation = await this.#tryEarlier(context, () => same(peer.loadSession(earlier, root)));
    }
    conversation ??= { ...(await newConversation(peer, root, authMethods, environment)), resumed: false };
    const wishes = { model: context.model, mode: context.mode ?? this.#agent.mode };
    const choices = new AgentChoices(conversation.choices);
    await choices.choose(peer, conversation.id, wishes, context.logger);
    const { embeddedContext = false, image = false, audio = false } = agentCapabilities?.promptCapabilities ?? {};
    const accepts = { resources: embeddedContext, images: image, audio };
    connection.ready(peer, { ...conversation, accepts, choices });
  }

  async #tryEarlier(context: AgentContext, open: () => Promise<{ id: string; choices: AcpChoices }>) {
    try {
      return { ...(await open()), resumed: true };
    } catch (error) {
      context.logger.warn("agent could not take up its earlier conversation", {
        agent: this.#agent.id,
        reason: cleanText(requestErrorText(error)),
      });
      return undefined;
    }
  }

  async #startFailure(
    error: unknown,
    process: AgentProcess,
    connection: AcpConnection,
    { context, secrets }: { readonly context: AgentContext; readonly secrets: readonly string[] },
  ): Promise<AppError> {
    const { displayName } = this.#agent;
    if (context.signal.aborted) return this.#stopped();
    if (AppError.is(error) && error.code !== "agent.crashed") return error;
    if (isAgentAnswer(error)) return answerError(displayName, "could not start a conversation", error, secrets);
    await process.end();
    return crashError(displayName, process, await process.exited, error, connection.lastGarbage);
  }

  #stopped(): AppError {
    return new AppError("cancelled", `${this.#agent.displayName} was stopped before it had started.`);
  }
}
