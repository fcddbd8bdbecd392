import * as z from "zod/mini";

/** The channel of the log that holds the record. Nobody can subscribe to it. */
export const AUDIT_CHANNEL = "x-fleet-audit:";

/**
 * What somebody did or was refused. It holds no text, no path and no secret: what was asked by the name of its method or
 * action, where by the address of a channel.
 */
const act = {
  /** Milliseconds since the Unix epoch. */
  at: z.number(),
  /** The user; absent for whoever had no valid token. */
  user: z.optional(z.string()),
  /** The id of the token, never the token. */
  token: z.optional(z.string()),
  role: z.optional(z.string()),
  clientId: z.optional(z.string()),
  /** The network address it came from. */
  from: z.optional(z.string()),
  /** `connect`, a method, or the type of an action. */
  what: z.string(),
  channel: z.optional(z.string()),
  /** Why not; absent for what was accepted. */
  refused: z.optional(z.string()),
  /** So many alike within a minute, of which this record is the last. */
  times: z.optional(z.number()),
};
export const Act = z.object(act);
export type Act = z.infer<typeof Act>;

export const AuditBody = z.object({ type: z.literal("audit"), act: Act });

export function auditBody(done: Act): string {
  return JSON.stringify({ type: "audit", act: done });
}

/** Undefined for a record that is no act. */
export function parseAct(body: string): Act | undefined {
  const parsed = AuditBody.safeParse(JSON.parse(body));
  return parsed.success ? parsed.data.act : undefined;
}
