import type { ChannelKind } from "./actions.ts";

/**
 * What hosts of earlier versions send in a shape that 0.9 has given up, put into the shape of 0.9. A client applies it to
 * what comes from the wire, before it parses. Everything else passes as the very same value, malformed data too: the
 * schemas judge that.
 *
 * - `chat/error` told its `error` beside the turn; it is an error part since.
 * - A failed `Turn` had a member `error`; it is the last part of the turn since.
 * - `auth/required` named its resource by URL alone; it is the whole metadata since.
 */

type Fields = Readonly<Record<string, unknown>>;

/** The params of a host's notification. */
export function upgradeNotification(method: string, params: unknown): unknown {
  if (!isFields(params)) return params;
  if (method === "action") {
    const action = upgradeAction(params["action"]);
    return action === params["action"] ? params : { ...params, action };
  }
  if (method === "auth/required" && typeof params["resource"] === "string") {
    return { ...params, resource: { resource: params["resource"] } };
  }
  return params;
}

/** An action of an envelope, pushed or replayed. */
export function upgradeAction(action: unknown): unknown {
  if (!isFields(action)) return action;
  if (action["type"] === "chat/error" && !("part" in action) && "error" in action) {
    const { error, ...rest } = action;
    return { ...rest, part: { kind: "error", error } };
  }
  if (action["type"] === "chat/turnsLoaded") return withTurns(action);
  return action;
}

/** The state of a snapshot. */
export function upgradeState(kind: ChannelKind, state: unknown): unknown {
  return kind === "chat" && isFields(state) ? withTurns(state) : state;
}

function withTurns(owner: Fields): Fields {
  const { turns } = owner;
  if (!Array.isArray(turns)) return owner;
  const upgraded = turns.map(upgradeTurn);
  return upgraded.every((turn, index) => turn === turns[index]) ? owner : { ...owner, turns: upgraded };
}

function upgradeTurn(turn: unknown): unknown {
  if (!isFields(turn) || !isFields(turn["error"]) || !Array.isArray(turn["responseParts"])) return turn;
  const { error, ...rest } = turn;
  return { ...rest, responseParts: [...turn["responseParts"], { kind: "error", error }] };
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
