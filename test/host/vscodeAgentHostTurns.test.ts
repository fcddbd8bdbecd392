import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { AhpClient } from "../../src/client/ahpClient.ts";
import type { ChannelHandle } from "../../src/client/client.ts";
import type { ChatState, Turn } from "../../src/protocol/chatState.ts";
import type { SessionState } from "../../src/protocol/sessionState.ts";
import { isInProgress, needsInput, STATUS } from "../../src/protocol/status.ts";
import { ROOT_URI, turnChangesetUri } from "../../src/protocol/uris.ts";
import { Cable } from "../support/cable.ts";
import { type ModelServer, startModelServer } from "../support/modelServer/modelServer.ts";
import { CODING_SCENARIOS } from "../support/modelServer/scenarios/codingScenarios.ts";
import { brokenRepository } from "../support/repositories/repositories.ts";
import { type CopilotAccount, startCopilotAccount } from "../support/vscode/copilotAccount.ts";
import {
  type AgentHostFixture,
  describeAgentHost,
  follow,
  newSession,
  startTurn,
  until,
  untilConnection,
  untilState,
} from "./vscodeAgentHostFixture.ts";

let model: ModelServer;
let account: CopilotAccount;

async function signIn(client: AhpClient): Promise<void> {
  const resource = client.root.state?.agents[0]?.protectedResources?.[0]?.resource ?? "";
  await client.request("authenticate", { channel: ROOT_URI, resource, token: account.token });
  await untilState(client.root, ({ agents }) => (agents[0]?.models.length ?? 0) > 0);
}

async function workFolder(fixture: AgentHostFixture, name: string) {
  const git = await brokenRepository(path.join(fixture.host.home, name));
  return { git, folder: pathToFileURL(git.path).href };
}

function untilEnded(chat: ChannelHandle<ChatState>, turnId: string): Promise<Turn> {
  const ended = ({ turns }: ChatState) => turns.find(({ id }) => id === turnId);
  return untilState(chat, (state) => ended(state) !== undefined).then((state) => ended(state)!);
}

/** Waits for the agent to ask, and answers from what the session tells alone. Returns the title of the question. */
async function answerNext(
  client: AhpClient,
  session: ChannelHandle<SessionState>,
  approved: boolean,
): Promise<string | undefined> {
  const { inputNeeded } = await untilState(session, (state) => (state.inputNeeded?.length ?? 0) > 0);
  const [request] = inputNeeded ?? [];
  if (request?.kind !== "toolConfirmation" || request.toolCall.status !== "pending-confirmation") {
    throw new Error("The agent asks for something else.");
  }
  const { toolCallId, options, confirmationTitle } = request.toolCall;
  const answer = { type: "chat/toolCallConfirmed", turnId: request.turnId, toolCallId } as const;
  const optionOf = (id: string) => options?.find((option) => option.id === id)?.id;
  void client.dispatch(
    request.chat,
    approved
      ? { ...answer, approved, confirmed: "user-action", selectedOptionId: optionOf("allow-once") }
      : { ...answer, approved, reason: "denied", selectedOptionId: optionOf("skip") },
  );
  await untilState(session, (state) => !state.inputNeeded?.some(({ id }) => id === request.id));
  return typeof confirmationTitle === "string" ? confirmationTitle : undefined;
}

const textOf = (parts: Turn["responseParts"]) =>
  parts.map((part) => (part.kind === "markdown" ? part.content : "")).join("");

describeAgentHost(
  "Turns",
  (scene) => {
    beforeAll(() => signIn(scene.client));
    afterAll(async () => {
      await account?.close();
      await model?.close();
    });

    it("offers its models once it has an account", () => {
      const agent = scene.client.root.state?.agents[0];
      expect(agent?.models.map(({ id }) => id)).toContain(account.model);
    });

    it("runs an agent whose questions somebody answers who follows the session only", async () => {
      const { client, fixture } = scene;
      const { git, folder } = await workFolder(fixture, "supervised");
      const worker = await newSession({ client, folder });
      const supervisor = await fixture.connected();
      const session = supervisor.subscribe("session", worker.uri);
      await session.ready;
      const start = startTurn("t1", "Please fix the add function");
      const message = { ...start.message, model: { id: account.model } };
      await client.dispatch(worker.chat.uri, { ...start, message });
      await until(supervisor.sessions.onDidChange, () =>
        needsInput(supervisor.sessions.all.get(worker.uri)?.status ?? 0),
      );
      expect(await answerNext(supervisor, session, true)).toBe("Run in terminal?");
      const turn = await untilEnded(worker.chat, "t1");
      expect(turn.state).toBe("complete");
      expect(textOf(turn.responseParts)).toContain("Done: `add` in src/math.mjs adds");
      const calls = turn.responseParts.flatMap((part) => (part.kind === "toolCall" ? [part.toolCall] : []));
      expect(calls.map(({ toolName, status }) => [toolName, status])).toEqual([
        ["view", "completed"],
        ["edit", "completed"],
        ["create", "completed"],
        ["bash", "completed"],
      ]);
      expect(turn.usage).toMatchObject({ model: account.model });
      expect(await readFile(path.join(git.path, "src/math.mjs"), "utf8")).toContain("return a + b;");

      const edit =
        calls[1]?.status === "completed" ? calls[1].content?.find(({ type }) => type === "fileEdit") : undefined;
      if (edit?.type !== "fileEdit") throw new Error("The edit does not tell what it changed.");
      const read = async (uri: string) => (await client.request("resourceRead", { channel: ROOT_URI, uri })).data;
      expect(edit.before?.content.uri).toMatch(/^session-db:/);
      expect(await read(edit.before!.content.uri)).toContain("return a - b;");
      expect(await read(edit.after!.content.uri)).toContain("return a + b;");

      await until(supervisor.sessions.onDidChange, () => {
        const summary = supervisor.sessions.all.get(worker.uri);
        return !isInProgress(summary?.status ?? STATUS.inProgress) && summary?.changes?.files === 2;
      });
      const changeset = client.subscribe("changeset", turnChangesetUri(worker.uri, "t1"));
      const { files } = await untilState(changeset, ({ status, files }) => status === "ready" && files.length === 2);
      expect(files.map(({ id }) => id)).toEqual([`${folder}/CHANGES.md`, `${folder}/src/math.mjs`]);
      await git.write("src/math.mjs", "// Changed afterwards\n");
      const { before, after } = files[1]!.edit;
      expect(await read(before!.content.uri)).toContain("return a - b;");
      expect(await read(after!.content.uri)).toContain("return a + b;");
    });

    it("does not do what is denied", async () => {
      const { client, fixture } = scene;
      const { git, folder } = await workFolder(fixture, "denied");
      const { session, chat } = await newSession({ client, folder });
      await client.dispatch(chat.uri, startTurn("t1", "Please clean the build output"));
      await answerNext(client, session, false);
      const turn = await untilEnded(chat, "t1");
      const [call] = turn.responseParts.flatMap((part) => (part.kind === "toolCall" ? [part.toolCall] : []));
      expect(call).toMatchObject({ toolName: "bash", status: "cancelled" });
      expect(existsSync(path.join(git.path, "CLEANED.md"))).toBe(false);
    });

    it("asks a question, and goes on with the answer", async () => {
      const { client } = scene;
      const { uri, session, chat } = await newSession(scene);
      await client.dispatch(chat.uri, startTurn("t1", "Please ask me for a colour"));
      const { inputNeeded } = await untilState(session, (state) => state.inputNeeded?.[0]?.kind === "chatInput");
      const [asked] = inputNeeded ?? [];
      if (asked?.kind !== "chatInput") throw new Error("The agent asks for something else.");
      const [question] = asked.request.questions ?? [];
      expect(question).toMatchObject({ kind: "single-select", message: "Which colour?", allowFreeformInput: true });
      await until(client.sessions.onDidChange, () => needsInput(client.sessions.all.get(uri)?.status ?? 0));
      await client.dispatch(asked.chat, {
        type: "chat/inputCompleted",
        requestId: asked.request.id,
        response: "accept",
        answers: { [question!.id]: { state: "submitted", value: { kind: "selected", value: "Blue" } } },
      });
      const turn = await untilEnded(chat, "t1");
      expect(turn).toMatchObject({ state: "complete" });
      expect(model.requests.map(({ toolResult }) => toolResult)).toContain("User selected: Blue");
      expect(turn.responseParts.map(({ kind }) => kind)).toContain("inputRequest");
      await untilState(session, (state) => (state.inputNeeded?.length ?? 0) === 0);
    });

    it("streams to two clients the same, also when one of them loses its connection", async () => {
      const { client, fixture } = scene;
      const { folder } = await workFolder(fixture, "streamed");
      const cable = await Cable.to(fixture.host.port);
      try {
        const steady = await newSession({ client, folder });
        const shaky = await follow(await fixture.connected({ port: cable.port }), steady.uri);
        const written = (chat: ChannelHandle<ChatState>) => textOf(chat.state?.activeTurn?.responseParts ?? []).length;
        await client.dispatch(steady.chat.uri, startTurn("t1", "Please write slowly"));
        await until(shaky.chat.onDidChange, () => written(shaky.chat) > 50);
        const before = written(shaky.chat);
        cable.cut();
        await until(shaky.chat.onDidChange, () => shaky.chat.status === "live" && written(shaky.chat) > before + 50);
        await client.dispatch(steady.chat.uri, { type: "chat/turnCancelled", turnId: "t1", duration: 0 });
        const turns = await Promise.all([steady, shaky].map(({ chat }) => untilEnded(chat, "t1")));
        expect(turns[0]?.state).toBe("cancelled");
        expect(turns[1]).toEqual(turns[0]);
      } finally {
        await cable.dispose();
      }
    });

    it("keeps what was said over a restart, and goes on from there", async () => {
      const { client, fixture } = scene;
      const { folder } = await workFolder(fixture, "restarted");
      const all = await newSession({ client, folder });
      await client.dispatch(all.chat.uri, startTurn("t1", "What did you change?"));
      const before = await untilEnded(all.chat, "t1");
      expect(before.state).toBe("complete");
      await fixture.host.restart();
      client.connect();
      await untilConnection(client, "live");
      await until(all.chat.onDidChange, () => all.chat.status === "live");
      const kept = all.chat.state?.turns ?? [];
      expect(kept).toMatchObject([{ state: "complete", message: { text: "What did you change?" } }]);
      expect(textOf(kept[0]!.responseParts)).toBe(textOf(before.responseParts));
      // The host reads the conversation back from its agent and names the turns anew.
      expect(kept[0]!.id).not.toBe("t1");
      await signIn(client);
      await client.dispatch(all.chat.uri, startTurn("t2", "And what did you change then?"));
      expect(await untilEnded(all.chat, "t2")).toMatchObject({ state: "complete" });
    });
  },
  async () => {
    model = await startModelServer({ scenarios: CODING_SCENARIOS });
    account = await startCopilotAccount(model.url);
    return account.env;
  },
);
