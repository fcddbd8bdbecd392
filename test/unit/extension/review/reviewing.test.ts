import { beforeEach, describe, expect, it } from "vitest";
import type { AnnotationsState } from "../../../../src/protocol/annotations.ts";
import type { ChangesetState } from "../../../../src/protocol/changeset.ts";
import type { ChatState } from "../../../../src/protocol/chatState.ts";
import { compareChangesetUri, turnChangesetUri } from "../../../../src/protocol/uris.ts";
import { chat, markdown, session } from "../../../support/aChat.ts";
import { FakeCommentThread } from "../../../support/fakeComments.ts";
import { fakeVscode, fakeVscodeTabs, Range, type Uri, workspace } from "../../../support/fakeVscode.ts";
import { aChange, annotations, aReview, branch, oid, push } from "./aReview.ts";

beforeEach(() => fakeVscode.reset());

interface Row {
  readonly label: string;
  readonly description: string;
  readonly checkboxState?: { readonly state: number };
}

const view = () => fakeVscode.treeViews.get("muster.review")!;
const rows = () => {
  const provider = view().provider as { getChildren(): object[]; getTreeItem(row: object): Row };
  return provider.getChildren().map((row) => {
    const { label, description, checkboxState } = provider.getTreeItem(row);
    return `${checkboxState?.state === 1 ? "[x]" : "[ ]"} ${label} ${description}`;
  });
};
const threads = () =>
  fakeVscode.commentController!.threads.map(({ uri, range, label, comments }) => [
    `${uri.path}:${range?.start.line}`,
    label,
    ...comments.map(({ author, body }) => `${author.name}: ${body}`),
  ]);

describe("the files of a review", () => {
  const files = [aChange("src/a.ts", "one", "two"), aChange("b.ts", undefined, "new")];

  it("are listed with marks that the host keeps for every client", async () => {
    const { opened, host, contexts, drawn } = await aReview(files);
    await opened();
    expect(contexts.get("muster:reviewing")).toBe(true);
    expect(contexts.get("muster:reviewInFront")).toBe(true);
    expect(rows()).toEqual(["[ ] b.ts +1 −0 · added", "[ ] a.ts src · +1 −0"]);
    view().checked.fire({ items: [[{ path: "src/a.ts" }, 1]] });
    await drawn();
    expect((host.state(branch) as ChangesetState).files.map(({ reviewed }) => reviewed)).toEqual([true, undefined]);
    expect(rows()).toEqual(["[ ] b.ts +1 −0 · added", "[x] a.ts src · +1 −0"]);
    expect(view().description).toBe("1 of 2 viewed");
    host.act(branch, { type: "changeset/filesReviewChanged", files: ["src/a.ts", "b.ts"], reviewed: true });
    await drawn();
    expect(view().description).toBe("2 of 2 viewed");
  });

  it("tell of a submodule its commits, and no lines", async () => {
    const module = { ...aChange("lib", "one", "two"), _meta: { muster: { mode: "160000", oldMode: "160000" } } };
    const { opened } = await aReview([module]);
    await opened();
    expect(rows()).toEqual([`[ ] lib submodule, ${oid("one").slice(0, 7)} → ${oid("two").slice(0, 7)}`]);
  });

  it("that the agent has changed since cannot be marked as viewed", async () => {
    const { opened, host, failures, drawn } = await aReview(files);
    await opened();
    const later = [aChange("src/a.ts", "one", "three"), files[1]!];
    host.act(branch, { type: "changeset/contentChanged", files: later });
    await drawn();
    expect(rows()[1]).toBe("[ ] a.ts src · +1 −0 · changed since");
    expect(view().message).toContain("The agent has gone on: 1 file has changed since.");
    view().checked.fire({ items: [[{ path: "src/a.ts" }, 1]] });
    await drawn();
    expect(failures).toMatchObject([{ code: "conflict" }]);
    expect((host.state(branch) as ChangesetState).files.some(({ reviewed }) => reviewed)).toBe(false);
  });

  it("are gone with the tab of the review", async () => {
    const { opened, contexts, drawn } = await aReview(files);
    await opened();
    const closed = fakeVscode.tabs.splice(0).map((label) => ({ label }));
    fakeVscodeTabs.fire({ closed });
    await drawn();
    expect(contexts.get("muster:reviewing")).toBe(false);
    expect(rows()).toEqual([]);
  });

  it("stay when the tab goes to a window of its own", async () => {
    const { opened, contexts, drawn } = await aReview(files);
    await opened("muster.agent.reviewInWindow");
    expect(fakeVscode.executed.at(-1)?.command).toBe("workbench.action.moveEditorToNewWindow");
    fakeVscodeTabs.fire({ closed: fakeVscode.tabs.map((label) => ({ label })) });
    await drawn();
    expect(contexts.get("muster:reviewing")).toBe(true);
    expect(rows()).not.toEqual([]);
  });

  it("open as they are at the reviewed commit, whatever the agent does next", async () => {
    const { opened, run, host } = await aReview(files);
    await opened();
    push(host, "2", [aChange("src/a.ts", "one", "another")]);
    await run("muster.review.openFile", { path: "src/a.ts" });
    const { command, args } = fakeVscode.executed.at(-1)!;
    expect(command).toBe("vscode.open");
    expect((args[0] as { query: string }).query).toContain(`blob=${oid("two")}`);
  });

  it("since the last review are those between its commit and the latest checkpoint", async () => {
    const { opened, run, host } = await aReview(files);
    await opened();
    await expect(run("muster.agent.reviewSince")).rejects.toThrow("Nothing has changed since your last review");
    push(host, "2", [aChange("src/a.ts", "one", "three")]);
    host.put(compareChangesetUri(session, "1", "2"), { status: "ready", files: [aChange("src/a.ts", "two", "three")] });
    const shown = await opened("muster.agent.reviewSince");
    expect(shown).toHaveLength(1);
    expect(fakeVscode.tabs[0]).toContain("since your last review");
    expect(host.heard.find(({ method }) => method === "x-fleet/compare")?.params).toMatchObject({ from: "1", to: "2" });
    // Both commits are read.
    await expect(run("muster.agent.reviewSince")).rejects.toThrow("Nothing has changed");
  });
});

describe("what is reviewed", () => {
  it.each([
    ["Whole branch", /\.\.\w{7}\)$/],
    ["Last turn", /\(one turn\)$/],
  ])("is chosen: %s", async (label, title) => {
    const { run, host } = await aReview([aChange("a.ts", undefined, "one")]);
    host.put(turnChangesetUri(session, "t1"), { status: "ready", files: [aChange("a.ts", undefined, "one")] });
    fakeVscode.chosen = label;
    await run("muster.agent.chooseReview");
    const diff = fakeVscode.executed.find(({ command }) => command === "vscode.changes");
    expect(String(diff?.args[0])).toMatch(title);
  });

  it("is nothing when nothing is chosen", async () => {
    const { run } = await aReview([aChange("a.ts", undefined, "one")]);
    await run("muster.agent.chooseReview");
    expect(fakeVscode.executed.filter(({ command }) => command === "vscode.changes")).toEqual([]);
  });
});

describe("comments on a review", () => {
  const lines = "one\ntwo\nthree";
  const files = [aChange("a.ts", undefined, lines)];
  /** As VS Code does when a person writes beside a line. */
  const write = async ({ run, opened }: Awaited<ReturnType<typeof aReview>>, line: number, text: string) => {
    const [[, , right] = []] = await opened();
    const thread = new FakeCommentThread(right as Uri, new Range(line, 0, line, 0));
    await run("muster.review.addComment", { thread, text });
    return thread;
  };

  it("are drafts on their lines until they are sent, and then say what became of them", async () => {
    const scene = await aReview(files);
    const { run, contexts, host, drawn } = scene;
    const thread = await write(scene, 1, "Spell it out.");
    expect(contexts.get("muster:hasReviewDrafts")).toBe(true);
    expect(thread).toMatchObject({ label: "Draft", comments: [{ author: { name: "You" }, label: "Not sent" }] });
    expect(view().message).toContain("Comments not sent: 1.");
    await run("muster.review.send");
    expect(contexts.get("muster:hasReviewDrafts")).toBe(false);
    expect(thread.label).toBe("The agent is at it");
    const { message, id } = (host.state(chat) as ChatState).activeTurn!;
    expect(message.text).toContain("`a.ts:2`\n\n```ts\ntwo\n```\n\nSpell it out.");
    expect((host.state(annotations) as AnnotationsState).annotations).toMatchObject([
      { _meta: { muster: { blob: oid(lines), quoted: "two", commit: oid("c1"), side: "after" } } },
    ]);
    host.act(chat, { type: "chat/responsePart", turnId: id, part: markdown("Spelled out.") });
    host.act(chat, { type: "chat/turnComplete", turnId: id, duration: 1 });
    await drawn();
    expect(thread).toMatchObject({ label: "Answered", contextValue: "open answered" });
    expect(thread.comments.map(({ author, body }) => `${author.name}: ${body}`)).toEqual([
      "You: Spell it out.",
      "Fix the parser: Spelled out.",
    ]);
    await run("muster.review.resolve", thread);
    expect(thread).toMatchObject({ label: "Resolved", state: 1, collapsibleState: 0 });
  });

  it("move with their lines to what the agent makes next, or say that they are outdated", async () => {
    const scene = await aReview(files);
    const { host, opened } = scene;
    await write(scene, 1, "Here.");
    push(host, "2", [aChange("a.ts", undefined, `zero\n${lines}`)]);
    await opened();
    expect(threads()).toEqual([["/agent-files/a.ts:2", "Moved from line 2 · Draft", "You: Here."]]);
    const [moved] = fakeVscode.commentController!.threads;
    await scene.run("muster.review.showChange", moved);
    const diff = fakeVscode.executed.findLast(({ command }) => command === "vscode.diff");
    expect(diff?.args.slice(0, 2).map((side) => new URLSearchParams((side as Uri).query).get("blob"))).toEqual([
      oid(lines),
      oid(`zero\n${lines}`),
    ]);
    push(host, "3", [aChange("a.ts", undefined, "one\n2\nthree")]);
    await opened();
    expect(threads().at(-1)).toEqual([
      "/agent-files/a.ts:1",
      "Outdated: these lines were changed · Draft",
      "The lines were: two",
      "You: Here.",
    ]);
  });

  it("follow a file that the agent made and then renamed and edited, as git sees it", async () => {
    const scene = await aReview(files);
    const { host, opened, failures } = scene;
    await write(scene, 1, "Here.");
    const renamed = { ...aChange("b.ts", lines, `zero\n${lines}`), id: "b.ts" };
    const { before } = aChange("a.ts", lines, undefined).edit;
    const compared = { ...renamed, edit: { ...renamed.edit, before } };
    host.put(compareChangesetUri(session, "1", "2"), { status: "ready", files: [compared] });
    push(host, "2", [aChange("b.ts", undefined, `zero\n${lines}`)]);
    await opened();
    expect(failures).toEqual([]);
    expect(threads()).toEqual([["/agent-files/b.ts:2", "Moved from a.ts · Draft", "You: Here."]]);
  });

  it("can be edited and deleted while they are drafts", async () => {
    const scene = await aReview(files);
    const { run, contexts } = scene;
    const thread = await write(scene, 0, "First");
    const [note] = thread.comments;
    await run("muster.review.editComment", note);
    expect(thread.comments[0]?.mode).toBe(0);
    note!.body = "Second";
    await run("muster.review.saveComment", note);
    expect(thread.comments.map(({ body, mode }) => [body, mode])).toEqual([["Second", 1]]);
    await run("muster.review.editComment", thread.comments[0]);
    thread.comments[0]!.body = "Third";
    await run("muster.review.cancelEdit", thread.comments[0]);
    expect(thread.comments[0]?.body).toBe("Second");
    await run("muster.review.deleteComment", thread.comments[0]);
    expect(thread.isDisposed).toBe(true);
    expect(contexts.get("muster:hasReviewDrafts")).toBe(false);
  });

  it("suggest other lines, to be written where the quoted ones stand", async () => {
    const scene = await aReview(files);
    const [[, , right] = []] = await scene.opened();
    const thread = new FakeCommentThread(right as Uri, new Range(0, 0, 1, 0));
    await scene.run("muster.review.suggestChange", { thread, text: "Shorter:" });
    expect(thread.comments).toMatchObject([{ body: "Shorter:\n\n```suggestion\none\ntwo\n```", mode: 0 }]);
  });

  it("take nothing but what VS Code passes for them", async () => {
    const { run } = await aReview(files);
    for (const id of [
      "addComment",
      "resolve",
      "deleteComment",
      "showChange",
      "saveComment",
      "suggestChange",
    ] as const) {
      for (const junk of [undefined, 42, "x", {}, { thread: {}, text: "x" }]) await run(`muster.review.${id}`, junk);
    }
  });

  it("come back with a diff that VS Code has opened again by itself", async () => {
    const scene = await aReview(files);
    await write(scene, 1, "Later.");
    const [[, , right] = []] = await scene.opened();
    scene.dispose();
    fakeVscode.reset();
    workspace.textDocuments.push({ uri: right as Uri });
    const next = await aReview(files, scene.state);
    await next.drawn();
    workspace.textDocuments.length = 0;
    expect(next.contexts.get("muster:reviewing")).toBe(true);
    expect(fakeVscode.executed.filter(({ command }) => command === "vscode.changes")).toEqual([]);
    expect(threads()).toEqual([["/agent-files/a.ts:1", "Draft", "You: Later."]]);
    expect(next.failures).toEqual([]);
  });

  it("are still there in the next window", async () => {
    const scene = await aReview(files);
    await write(scene, 1, "Later.");
    scene.dispose();
    fakeVscode.reset();
    const next = await aReview(files, scene.state);
    await next.opened();
    expect(threads()).toEqual([["/agent-files/a.ts:1", "Draft", "You: Later."]]);
  });
});
