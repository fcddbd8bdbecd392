import { describe, expect, it } from "vitest";
import { newestTurns, turnsBefore } from "../../../../src/host/gateway/turnWindow.ts";
import type { ChatState } from "../../../../src/protocol/chatState.ts";
import { reduce } from "../../../../src/protocol/reduce.ts";
import { aChat, aTurn } from "../../../support/aChat.ts";

const chatOf = (length: number): ChatState =>
  aChat({ turns: Array.from({ length }, (_, index) => aTurn(`t${index + 1}`)) });
const ids = (chat: { readonly turns: readonly { readonly id: string }[] }) => chat.turns.map(({ id }) => id);

describe("the newest turns of a chat", () => {
  it("come with a cursor for the older ones", () => {
    const shown = newestTurns(chatOf(5), 2);
    expect(ids(shown)).toEqual(["t4", "t5"]);
    expect(shown.turnsNextCursor).toBe("t4");
  });

  it("are the chat itself when there are no more", () => {
    const chat = chatOf(2);
    expect(newestTurns(chat, 2)).toBe(chat);
    expect(newestTurns(chatOf(0), 2)).toMatchObject({ turns: [] });
  });

  it("are one at least", () => {
    expect(ids(newestTurns(chatOf(3), 0))).toEqual(["t3"]);
  });
});

describe("older turns", () => {
  it("come page by page until a reader has the whole chat", () => {
    const chat = chatOf(7);
    let shown = newestTurns(chat, 2);
    while (shown.turnsNextCursor !== undefined) {
      const page = turnsBefore(chat, shown.turnsNextCursor, 2);
      shown = reduce("chat", shown, { type: "chat/turnsLoaded", ...page });
    }
    expect(shown).toEqual(chat);
  });

  it("cannot be had by a cursor of another chat", () => {
    expect(() => turnsBefore(chatOf(3), "t9", 2)).toThrow("The cursor names no turn of this chat");
  });
});
