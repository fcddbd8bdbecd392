import * as z from "zod/mini";
import { type QueueLimits, repositoryKey } from "./queueLimits.ts";
import type { TimeLimits } from "./turnWatch.ts";

const AtWork = z.int().check(z.minimum(1), z.maximum(1_000));
const Minutes = z.number().check(z.minimum(0));
const ofEach = z._default(z.record(z.string(), AtWork), {});

const defaults = {
  concurrentSessions: 4,
  repositories: {},
  users: {},
  agents: {},
  turnMinutes: 240,
  silentMinutes: 60,
  sessionMinutes: 0,
  agentIdleMinutes: 10,
  historyIdleMinutes: 10,
  provisioningTries: 5,
};

/** How much may happen at the same time, and for how long. */
export const LimitsConfig = z._default(
  z.looseObject({
    /** Agents that work at the same time; further ones wait in a queue. Default 4. */
    concurrentSessions: z._default(AtWork, defaults.concurrentSessions),
    /** Of these, on one repository, for one user, of one kind of agent. Default: no limit of their own. */
    perRepository: z.optional(AtWork),
    perUser: z.optional(AtWork),
    perAgent: z.optional(AtWork),
    /** In the place of those three for single repositories, users and agents: `{ "https://git.example.com/a/b": 1 }`. */
    repositories: ofEach,
    users: ofEach,
    agents: ofEach,
    /** Minutes that an agent may work on one message; 0 for ever. Default 240. Waiting for a person is not counted. */
    turnMinutes: z._default(Minutes, defaults.turnMinutes),
    /** Minutes that a working agent may say nothing before its turn is ended; 0 for ever. Default 60. */
    silentMinutes: z._default(Minutes, defaults.silentMinutes),
    /** Minutes that the agent of one session may work in all, unless a person allows it more; 0 for ever. Default 0. */
    sessionMinutes: z._default(Minutes, defaults.sessionMinutes),
    /** Minutes that an agent's process waits for the next message. Default 10. */
    agentIdleMinutes: z._default(Minutes, defaults.agentIdleMinutes),
    /** Processes that may wait at the same time. Default: as many as may work. */
    idleAgents: z.optional(z.int().check(z.minimum(0))),
    /** Minutes that a conversation nobody looks at stays in memory; it is on disk all the same. Default 10. */
    historyIdleMinutes: z._default(Minutes, defaults.historyIdleMinutes),
    /** How often a workspace is tried to be made when the network, the server or the disk is in the way. Default 5. */
    provisioningTries: z._default(z.int().check(z.minimum(1), z.maximum(100)), defaults.provisioningTries),
  }),
  defaults,
);
export type LimitsConfig = z.infer<typeof LimitsConfig>;

export function queueLimitsOf(config: LimitsConfig): QueueLimits {
  const { concurrentSessions, perRepository, perUser, perAgent, users, agents } = config;
  const named = Object.entries(config.repositories).map(([address, limit]) => [repositoryKey(address), limit] as const);
  const repositories = Object.fromEntries(named);
  return { host: concurrentSessions, perRepository, perUser, perAgent, repositories, users, agents };
}

export function timeLimitsOf({ turnMinutes, silentMinutes, sessionMinutes }: LimitsConfig): TimeLimits {
  return { turnMinutes, silentMinutes, sessionMinutes };
}
