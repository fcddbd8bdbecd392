import { AppError } from "../base/appError.ts";

/** What a host may make this client do and hold. A host is not trusted: beyond any of these something ends, by name. */
export interface ClientLimits {
  /** Of one frame, in bytes as UTF-8. */
  readonly maxFrameBytes: number;
  /** Of one frame: nested arrays and objects. */
  readonly maxFrameDepth: number;
  /** What may come in for long, in UTF-16 units, and on top of it at once. Beyond it the connection ends. */
  readonly charsPerSecond: number;
  readonly burstChars: number;
  readonly framesPerSecond: number;
  readonly burstFrames: number;
  /** Frames that this client has to answer by an error: requests of the host and what cannot be read. */
  readonly refusalsPerSecond: number;
  readonly burstRefusals: number;
  /** Notifications that wait for an answer which tells what they mean, by number and by size. */
  readonly maxHeld: number;
  readonly maxHeldChars: number;
  /** Requests and actions without an answer. */
  readonly maxRequests: number;
  readonly maxUnanswered: number;
  readonly maxChannels: number;
  /** Mirrored state in characters and the like (`weightOf`): of one channel, and of all of a host. */
  readonly maxChannelWeight: number;
  readonly maxMirroredWeight: number;
  readonly maxSessions: number;
  readonly maxSessionsWeight: number;
  /** Fresh snapshots of one channel whose actions cannot be read. */
  readonly reloadsPerMinute: number;
}

const mebi = 1024 * 1024;

/** Far above what an honest host does: a terminal that floods at 25 MB a second passes. */
export const defaultLimits: ClientLimits = {
  maxFrameBytes: 32 * mebi,
  maxFrameDepth: 64,
  charsPerSecond: 100 * mebi,
  burstChars: 512 * mebi,
  framesPerSecond: 50_000,
  burstFrames: 250_000,
  refusalsPerSecond: 20,
  burstRefusals: 1000,
  maxHeld: 10_000,
  maxHeldChars: 64 * mebi,
  maxRequests: 1000,
  maxUnanswered: 1000,
  maxChannels: 1000,
  maxChannelWeight: 128 * mebi,
  maxMirroredWeight: 512 * mebi,
  maxSessions: 50_000,
  maxSessionsWeight: 128 * mebi,
  reloadsPerMinute: 5,
};

/** After a host went beyond a limit: trying again at once would end the same way, at the same cost. */
const calmMs = 30_000;

/** Ends a connection. @param sentence with a place for the host's name */
export function beyondLimit(sentence: string, hostName: string): AppError {
  return new AppError("limit.exceeded", sentence, { details: { retryAfterMs: calmMs }, values: [hostName] });
}
