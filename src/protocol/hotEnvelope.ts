import { isRecord } from "../base/isRecord.ts";

/**
 * Almost everything that arrives is a piece of text: of an answer, of thinking, of a terminal. Those envelopes are
 * recognised here by hand, which costs a fifth of what their schemas do. True: the schema accepts the value as it is.
 * False says nothing, and the schema decides.
 */
export function isHotEnvelope(value: unknown): boolean {
  if (!isRecord(value) || !isRecord(value["action"])) return false;
  const { action } = value;
  return (
    typeof value["channel"] === "string" &&
    Number.isFinite(value["serverSeq"]) &&
    value["origin"] === undefined &&
    value["rejectionReason"] === undefined &&
    isHotAction(action)
  );
}

function isHotAction(action: Readonly<Record<string, unknown>>): boolean {
  switch (action["type"]) {
    case "chat/delta":
    case "chat/reasoning":
      return (
        typeof action["turnId"] === "string" &&
        typeof action["partId"] === "string" &&
        typeof action["content"] === "string" &&
        action["_meta"] === undefined
      );
    case "terminal/data":
      return typeof action["data"] === "string";
    default:
      return false;
  }
}
