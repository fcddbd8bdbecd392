import type { ToolContent } from "../../../protocol/toolCall.ts";
import { isRecord } from "../../../base/isRecord.ts";
import type { AcpContent, AcpToolCall, AcpToolContent } from "./acpMessages.ts";

/** Pure readings of what agents put into a tool call's input, content and output. Lengths count UTF-16 units. */

const maxInlineText = 8 * 1024;
const maxInput = 64 * 1024;
const maxTitle = 500;
/** Of a picture's or sound's base64: it is kept in the transcript, which every reader loads. */
const maxMedia = 256 * 1024;
const maxMediaItems = 4;
/** Not SVG: it is a program. */
const shownMedia = /^(?:image\/(?:png|jpeg|gif|webp)|audio\/(?:wav|mpeg|ogg|webm|mp4))$/;

export function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}\n… (${text.length - limit} more characters)`;
}

/** One line, no control or invisible direction characters. */
export function oneLine(text: string, limit = maxTitle): string {
  const clean = text
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu, " ")
    .replaceAll(/ {2,}/g, " ")
    .trim();
  return clean.length <= limit ? clean : `${clean.slice(0, limit - 1)}…`;
}

/** Text of a content block as Markdown; `undefined` for a block that has none. */
export function textOfContent(block: AcpContent): string | undefined {
  switch (block.type) {
    case "text":
      return block.text ?? undefined;
    case "resource_link":
      return `[${oneLine(block.name ?? block.uri ?? "link").replaceAll(/[[\]]/g, "")}](${block.uri ?? ""})`;
    case "resource":
      return block.resource?.text ?? undefined;
    case "image":
    case "audio":
      return `*(${block.type}${block.mimeType ? `, ${oneLine(block.mimeType, 60)}` : ""})*`;
    default:
      return undefined;
  }
}

/** A picture or sound that can be shown; `undefined` for anything else, which `textOfContent` names. */
export function mediaOfContent(block: AcpContent): { data: string; contentType: string } | undefined {
  if (block.type !== "image" && block.type !== "audio") return undefined;
  const { data, mimeType } = block;
  if (!data || !mimeType || data.length > maxMedia || !shownMedia.test(mimeType)) return undefined;
  return /^[A-Za-z0-9+/]+={0,2}$/.test(data) ? { data, contentType: mimeType } : undefined;
}

/** The command line of an execute call, whichever way the agent spells it. */
export function commandOf(rawInput: unknown): string | undefined {
  if (!isRecord(rawInput)) return undefined;
  const command = rawInput["command"] ?? rawInput["cmd"];
  if (typeof command === "string") return command;
  if (!Array.isArray(command)) return undefined;
  const words = command.filter((word): word is string => typeof word === "string");
  const script = /(^|\/)(ba|z|da)?sh$/.test(words[0] ?? "") && /^-[a-z]*c$/.test(words[1] ?? "") ? words[2] : undefined;
  return script ?? words.join(" ");
}

/** What a person judges when they are asked: the whole input as the agent gave it. */
export function inputText(call: Pick<AcpToolCall, "rawInput" | "content">): string | undefined {
  const { rawInput } = call;
  const command = commandOf(rawInput);
  if (command !== undefined) return cut(command, maxInput);
  if (typeof rawInput === "string" && rawInput !== "") return cut(rawInput, maxInput);
  if (isRecord(rawInput) && Object.keys(rawInput).length > 0)
    return cut(JSON.stringify(rawInput, undefined, 2), maxInput);
  const diffs = (call.content ?? []).filter((item) => item.type === "diff").map(proposedEdit);
  return diffs.length > 0 ? cut(diffs.join("\n"), maxInput) : undefined;
}

function proposedEdit({ path, oldText, newText }: AcpToolContent): string {
  const removed = lines(oldText).map((line) => `-${line}`);
  const added = lines(newText).map((line) => `+${line}`);
  return [path ?? "file", ...removed, ...added].join("\n");
}

function lines(text: string | null | undefined): string[] {
  return text ? text.replace(/\n$/, "").split("\n") : [];
}

/** What an agent says about a question of its own. */
export function explanationIn(call: AcpToolCall): string | undefined {
  const texts = (call.content ?? []).flatMap((item) =>
    item.type === "content" && item.content?.text ? [item.content.text] : [],
  );
  return texts.length > 0 ? oneLine(texts.join(" ")) : undefined;
}

/** Short results in line; what an agent says it edited is a sentence only: the real diff is git's. */
export function inlineContent(call: AcpToolCall): ToolContent[] {
  const texts: string[] = [];
  const media: ToolContent[] = [];
  for (const item of call.content ?? []) {
    const shown = item.type === "content" && item.content && mediaOfContent(item.content);
    if (shown) {
      if (media.length < maxMediaItems) media.push({ type: "embeddedResource", ...shown });
    } else if (item.type === "content" && item.content) {
      const text = textOfContent(item.content);
      if (text) texts.push(text);
    } else if (item.type === "diff") {
      const change = item.oldText ? "Edited" : "Wrote";
      texts.push(`${change} ${oneLine(item.path ?? "a file")}`);
    }
  }
  const text = texts.length > 0 ? texts.join("\n\n") : outputText(call.rawOutput);
  return [...(text ? [{ type: "text" as const, text: cut(text, maxInlineText) }] : []), ...media];
}

/** All output of an execute call so far; `undefined` when this update says nothing about it. */
export function commandOutput(call: AcpToolCall): string | undefined {
  const texts = (call.content ?? []).flatMap((item) =>
    item.type === "content" && item.content?.text ? [item.content.text] : [],
  );
  if (texts.length > 0) return unfence(texts.join("\n"));
  return outputText(call.rawOutput);
}

/** Output that comes piece by piece beside the content (`_meta.terminal_output_delta`). */
export function outputDelta(call: AcpToolCall): string | undefined {
  const delta = call._meta?.["terminal_output_delta"] ?? call._meta?.["terminal_output"];
  if (typeof delta === "string") return delta;
  const data = isRecord(delta) ? (delta["data"] ?? delta["output"]) : undefined;
  return typeof data === "string" ? data : undefined;
}

export function exitCodeOf(call: AcpToolCall): number | undefined {
  const exit = call._meta?.["terminal_exit"];
  const raw = isRecord(call.rawOutput) ? call.rawOutput : {};
  const metadata = isRecord(raw["metadata"]) ? raw["metadata"] : {};
  const candidates = [
    isRecord(exit) ? (exit["exit_code"] ?? exit["exitCode"]) : undefined,
    raw["exit_code"],
    raw["exitCode"],
    metadata["exit"],
    metadata["exit_code"],
  ];
  return candidates.find((value): value is number => typeof value === "number" && Number.isInteger(value));
}

function outputText(raw: unknown): string | undefined {
  if (typeof raw === "string") return raw === "" ? undefined : raw;
  if (!isRecord(raw)) return undefined;
  for (const key of ["formatted_output", "aggregated_output", "output", "text", "content", "message", "error"]) {
    const value = raw[key];
    if (typeof value === "string" && value !== "") return value;
  }
  const streams = [raw["stdout"], raw["stderr"]].filter(
    (text): text is string => typeof text === "string" && text !== "",
  );
  return streams.length > 0 ? streams.join("\n") : undefined;
}

/** Some agents wrap output into one Markdown code block. */
function unfence(text: string): string {
  const trimmed = text.trim();
  const [opening = "", fence = "`"] = /^(`{3,})[^\n`]*\n/.exec(trimmed) ?? [];
  const isFenced = trimmed.endsWith(fence) && trimmed.length >= opening.length + fence.length;
  return opening !== "" && isFenced ? trimmed.slice(opening.length, -fence.length).replace(/\n$/, "") : text;
}
