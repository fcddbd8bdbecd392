import { describe, expect, it } from "vitest";
import { AgentComments } from "../../../../../src/extension/review/comments/agentComments.ts";
import { CommentDrafts } from "../../../../../src/extension/review/comments/commentDrafts.ts";
import type { CommentPlace } from "../../../../../src/extension/review/comments/reviewComment.ts";
import type { AnnotationsState } from "../../../../../src/protocol/annotations.ts";
import type { ChatState } from "../../../../../src/protocol/chatState.ts";
import { annotationsUri } from "../../../../../src/protocol/uris.ts";
import { aChat, anActiveTurn, aSession, aTurn, chat, markdown, session } from "../../../../support/aChat.ts";
import { aFleet } from "../../../../support/aFleet.ts";
import { aSummary } from "../../../../support/clientOnFakeHost.ts";
import { settle } from "../../../../support/fakeClock.ts";
import type { FakeHost } from "../../../../support/fakeHost.ts";
import { FakeMemento } from "../../ship/memento.ts";

const annotations = annotationsUri(session);
const target = { hostId: "a", session };
const place = (path: string, from: number, quoted: string): CommentPlace => ({
  path,
  side: "after",
  oid: "1".repeat(40),
  commit: "c".repeat(40),
  lines: { from, to: from, quoted },
});

async function someComments(prepare: (host: FakeHost) => void = () => undefined, state = new FakeMemento()) {
  const { connections, host, clock } = await aFleet((host) => {
    host.sessions.set(session, aSummary(session));
    host.put(session, aSession());
    host.put(chat, aChat());
    host.put(annotations, { annotations: [] });
    prepare(host);
  });
  let ids = 0;
  const drafts = new CommentDrafts(state, (error) => {
    throw error;
  });
  const comments = new AgentComments({
    client: connections.client("a"),
    target,
    sessionId: "s1",
    drafts,
    by: "me",
    clock,
    newId: () => `id-${++ids}`,
    onError: (error) => {
      throw error;
    },
  });
  await settle();
  const stored = () => host.state(annotations) as AnnotationsState;
  const talk = () => host.state(chat) as ChatState;
  return { comments, host, state, stored, talk };
}

const texts = (comments: AgentComments) =>
  comments.comments.map(({ entries }) => entries.map(({ text, isDraft }) => `${isDraft ? "?" : ""}${text}`));

describe("comments on an agent's work", () => {
  it("are kept, also over a reload, until they are sent", async () => {
    const { comments, state, stored, talk } = await someComments();
    const { entryId } = comments.add(place("a.ts", 3, "let a;"), "Make it const");
    comments.edit(entryId, "Make it const.");
    await settle();
    expect(stored().annotations).toEqual([]);
    expect(talk().activeTurn).toBeUndefined();
    const again = await someComments(undefined, state);
    expect(texts(again.comments)).toEqual([["?Make it const."]]);
    await again.comments.remove("id-1", entryId);
    expect(again.comments.comments).toEqual([]);
  });

  it("go to the agent as one message, and to the host as annotations", async () => {
    const { comments, stored, talk } = await someComments();
    comments.add(place("b.ts", 0, "x```y"), "Why?\n\n```suggestion\nz\n```");
    comments.add(place("a.ts", 3, "let a;"), "Make it const.");
    expect(await comments.send()).toBe(2);
    const message = talk().activeTurn?.message;
    expect(message?.text).toBe(
      [
        "Review of commit cccccccccc: 2 comments. Address each of them, and end with what you did, by its number.",
        "A `suggestion` block holds the exact lines that shall stand in the place of the quoted ones.",
        "**1.** `a.ts:4`",
        "```ts\nlet a;\n```",
        "Make it const.",
        "**2.** `b.ts:1`",
        "````ts\nx```y\n````",
        "Why?\n\n```suggestion\nz\n```",
      ].join("\n\n"),
    );
    expect(message?.attachments).toMatchObject([
      { type: "annotations", resource: annotations, annotationIds: ["id-3", "id-1"] },
    ]);
    expect(stored().annotations).toMatchObject([
      { id: "id-3", resource: "x-fleet-file:/s1/a.ts", range: { start: { line: 3 }, end: { line: 3, character: 6 } } },
      { id: "id-1", resolved: false, entries: [{ text: "Why?\n\n```suggestion\nz\n```" }] },
    ]);
    expect(comments.drafts).toEqual([]);
    expect(texts(comments)).toEqual([["Make it const."], ["Why?\n\n```suggestion\nz\n```"]]);
    expect(comments.comments[0]?.place).toEqual(place("a.ts", 3, "let a;"));
    expect(comments.answerOf("id-1")).toMatchObject({ kind: "working" });
  });

  it("wait in the queue while the agent works", async () => {
    const { comments, talk } = await someComments((host) => host.put(chat, aChat({ activeTurn: anActiveTurn("t1") })));
    comments.add(place("a.ts", 0, "a"), "Why?");
    await comments.send();
    expect(talk().queuedMessages).toHaveLength(1);
    expect(comments.answerOf("id-1")).toEqual({ kind: "queued" });
  });

  it("of which the host refused one are all kept, and sent once when it takes them", async () => {
    const { comments, host, stored, talk } = await someComments();
    comments.add(place("a.ts", 0, "a"), "One");
    comments.add(place("b.ts", 0, "b"), "Two");
    host.refuse = ({ type }) => (type === "chat/turnStarted" ? "No room." : undefined);
    await expect(comments.send()).rejects.toThrow("No room.");
    expect(comments.drafts).toHaveLength(2);
    expect(texts(comments)).toEqual([["?One"], ["?Two"]]);
    host.refuse = () => undefined;
    await comments.send();
    expect(stored().annotations.map(({ entries }) => entries.length)).toEqual([1, 1]);
    expect(talk().activeTurn?.message.text).toContain("2 comments");
    expect(comments.drafts).toEqual([]);
  });

  it("whose sending was in doubt are not sent twice", async () => {
    const state = new FakeMemento();
    const first = await someComments(undefined, state);
    first.comments.add(place("a.ts", 0, "a"), "One");
    const kept = structuredClone(state.get("muster.reviewDrafts"));
    await first.comments.send();
    const { message } = first.talk().activeTurn ?? {};
    // The window was closed before the drafts were forgotten.
    await state.update("muster.reviewDrafts", kept);
    const again = await someComments((host) => {
      host.put(annotations, first.stored());
      host.put(chat, aChat({ turns: [aTurn("t1", [], { message: message! })] }));
    }, state);
    expect(await again.comments.send()).toBe(0);
    expect(again.comments.drafts).toEqual([]);
    expect(again.talk().activeTurn).toBeUndefined();
  });

  it("show what the agent said to each, and take an answer back to it", async () => {
    const { comments, host, talk } = await someComments();
    comments.add(place("a.ts", 0, "a"), "One");
    comments.add(place("b.ts", 0, "b"), "Two");
    await comments.send();
    const { message, id } = talk().activeTurn!;
    const closing = "All done.\n\n**1.** Made it const.\n\n2. Left as it is,\nbecause of c.\u202e";
    host.put(chat, aChat({ turns: [aTurn(id, [markdown(closing)], { message })] }));
    host.restart();
    await settle();
    const answers = await someComments((other) => {
      other.put(chat, host.state(chat) as ChatState);
      other.put(annotations, host.state(annotations) as AnnotationsState);
    });
    expect(answers.comments.answerOf("id-1")).toEqual({ kind: "answered", turnId: id, text: "Made it const." });
    expect(answers.comments.answerOf("id-3")).toMatchObject({ text: "Left as it is,\nbecause of c.‹U+202E›" });
    answers.comments.reply("id-1", "Not there.");
    expect(texts(answers.comments)[0]).toEqual(["One", "?Not there."]);
    await answers.comments.send();
    expect(answers.talk().activeTurn?.message.text).toContain("Said before:\n\n> One\n\nNot there.");
    expect(answers.stored().annotations[0]?.entries.map(({ text }) => text)).toEqual(["One", "Not there."]);
  });

  it("are resolved and removed for everybody", async () => {
    const annotation = {
      id: "c1",
      resource: "x-fleet-file:/s1/a.ts",
      resolved: false,
      entries: [{ id: "e1", text: "Of another client" }],
    };
    const { comments, stored } = await someComments((host) => host.put(annotations, { annotations: [annotation] }));
    expect(comments.comments).toMatchObject([{ place: { path: "a.ts", side: "after" }, entries: [{ by: undefined }] }]);
    await comments.resolve("c1", true);
    expect(stored().annotations[0]?.resolved).toBe(true);
    await comments.remove("c1", "e1");
    expect(stored().annotations).toEqual([]);
  });

  it("are kept when there is no connection", async () => {
    const { comments, host } = await someComments();
    comments.add(place("a.ts", 0, "a"), "One");
    host.dropAll();
    await expect(comments.send()).rejects.toMatchObject({ code: "host.disconnected" });
    expect(comments.drafts).toHaveLength(1);
  });
});
