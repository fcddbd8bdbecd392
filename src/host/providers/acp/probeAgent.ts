import { mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import path from "node:path";
import { AppError } from "../../../base/appError.ts";
import type { Clock } from "../../../base/clock.ts";
import { silentLogger } from "../../../base/logger.ts";
import { cleanText } from "../../workspaces/gitFailure.ts";
import type { Isolation } from "../../isolation/isolation.ts";
import {
  AcpPeer,
  type AcpPeerHandlers,
  type InitializeResponse,
  isAgentAnswer,
  isAuthRequired,
  requestErrorText,
} from "./acpPeer.ts";
import { type AcpAgent, agentEnvironment, agentFiles, findCommand, secretsOf } from "./agentCatalogue.ts";
import { answerError, crashError, startTimeout, versionError } from "./agentFailures.ts";
import { AgentProcess } from "./agentProcess.ts";
import { confinementOf } from "./agentConfinement.ts";
import { OutputFlow } from "./outputFlow.ts";
import { newConversation } from "./signIn.ts";

export interface ProbeOptions {
  readonly isolation: Isolation;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly randomId: () => string;
  /** An existing directory, in which a workspace and a home are made and removed again. */
  readonly directory: string;
  readonly timeoutMs: number;
  /** Variables of which one has to be set. */
  readonly keys: readonly string[];
}

/** What a trial start of an agent showed. Members stay absent that it did not get as far as. */
export interface AgentProbe {
  readonly program?: string;
  /** As it calls itself. */
  readonly name?: string;
  readonly version?: string;
  /** Until it had answered `initialize`. */
  readonly startMs?: number;
  readonly signInMethods?: readonly string[];
  /** It refuses to work without a key or sign-in; `missingKeys` are the variables that would do. */
  readonly needsSignIn?: boolean;
  readonly missingKeys?: readonly string[];
  /** Why it cannot be used, in a sentence. */
  readonly problem?: string;
}

/** Starts the agent once, as a session would, asks it to introduce itself and to open a conversation, and ends it. */
export async function probeAgent(agent: AcpAgent, options: ProbeOptions): Promise<AgentProbe> {
  const directory = await realpath(await mkdtemp(path.join(options.directory, "probe-")));
  const told: { -readonly [K in keyof AgentProbe]: AgentProbe[K] } = {};
  try {
    await probe(agent, directory, options, told);
  } catch (error) {
    told.problem ??= AppError.is(error) ? error.message : `${agent.displayName}: ${cleanText(requestErrorText(error))}`;
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
  return told;
}

type Told = { -readonly [K in keyof AgentProbe]: AgentProbe[K] };

async function probe(agent: AcpAgent, directory: string, options: ProbeOptions, told: Told): Promise<void> {
  const { clock, env, isolation, randomId } = options;
  const [root, home] = [path.join(directory, "workspace"), path.join(directory, "home")];
  await mkdir(root);
  await mkdir(home);
  const values = { home, workspace: root, sessionId: "doctor", env };
  const environment = agentEnvironment(agent, values);
  const command = await findCommand(agent, values, environment["PATH"] ?? "");
  told.program = command[0] ?? "";
  const isMissing = options.keys.length > 0 && options.keys.every((name) => environment[name] === undefined);
  if (isMissing) told.missingKeys = options.keys;
  const given = { files: agentFiles(agent, values), ...confinementOf(agent, values, environment) };
  const plan = await isolation.plan({ sessionId: values.sessionId, command, env: environment, root, home, ...given });
  const secrets = secretsOf(agent, values);
  const onStderr = () => {};
  const process = new AgentProcess({ plan, marker: randomId(), clock, logger: silentLogger, secrets, onStderr });
  const heard = new Listener(clock);
  const timeout = Promise.withResolvers<never>();
  const timer = clock.setTimeout(() => {
    const seconds = Math.round(options.timeoutMs / 1000);
    timeout.reject(startTimeout(agent.displayName, seconds, heard.excerpt(secrets)));
  }, options.timeoutMs);
  const startedAt = clock.elapsed();
  const peer = new AcpPeer(process.streams(), heard, silentLogger);
  const gone = Promise.race([peer.closed, process.exited]).then(() => {
    throw new Error("ended while starting");
  });
  try {
    const signal = new AbortController().signal;
    const introduced = await Promise.race([peer.initialize(signal), gone, timeout.promise]);
    told.startMs = Math.round(clock.elapsed() - startedAt);
    introduce(agent, introduced, told);
    const opening = newConversation(peer, root, introduced.authMethods, environment);
    await Promise.race([opening, gone, timeout.promise]);
  } catch (error) {
    if (isAuthRequired(error)) told.needsSignIn = true;
    else if (AppError.is(error)) throw error;
    else if (isAgentAnswer(error))
      throw answerError(agent.displayName, "could not open a conversation", error, secrets);
    else {
      await process.end();
      throw crashError(agent.displayName, process, await process.exited, error, heard.excerpt(secrets));
    }
  } finally {
    timer.dispose();
    gone.catch(() => {});
    timeout.promise.catch(() => {});
    await process.end(true);
    peer.close();
  }
}

function introduce(agent: AcpAgent, introduced: InitializeResponse, told: Told): void {
  const { protocolVersion, agentInfo, authMethods } = introduced;
  if (agentInfo?.name) told.name = agentInfo.title ?? agentInfo.name;
  if (agentInfo?.version) told.version = agentInfo.version;
  const methods = (authMethods ?? []).map(({ name, id }) => cleanText(name ?? id).slice(0, 100));
  if (methods.length > 0) told.signInMethods = methods;
  if (protocolVersion !== 1) throw versionError(agent.displayName, protocolVersion);
}

/** Nothing is asked of a person in a trial. */
class Listener implements AcpPeerHandlers {
  readonly flow: OutputFlow;
  #garbage: string | undefined;

  constructor(clock: Clock) {
    this.flow = new OutputFlow(clock);
  }

  /** What it last wrote that is no ACP. */
  excerpt(secrets: readonly string[]): string | undefined {
    return this.#garbage && cleanText(this.#garbage.slice(0, 2_000), secrets).slice(0, 200);
  }

  onUpdate(): void {}

  onPermission() {
    return Promise.resolve({ outcome: { outcome: "cancelled" as const } });
  }

  onElicitation() {
    return Promise.resolve({ action: "cancel" as const });
  }

  onElicitationComplete(): void {}

  onGarbage(excerpt: string): void {
    this.#garbage = excerpt;
  }

  onLeftOut(): void {}

  onFlood(): void {}

  onOversize(): void {}
}
