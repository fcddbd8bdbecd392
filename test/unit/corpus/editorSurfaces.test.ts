import { marked, type Token } from "marked";
import { describe, expect, it } from "vitest";
import { countInvisible } from "../../../src/base/visibleText.ts";
import { rowOf } from "../../../src/extension/inbox/inboxRows.ts";
import { itemsOf } from "../../../src/extension/inbox/inboxItems.ts";
import { toRequestText } from "../../../src/extension/inbox/requestText.ts";
import { Dialogs } from "../../../src/extension/platform/dialogs.ts";
import { ErrorPresenter } from "../../../src/extension/platform/presentError.ts";
import { toFileDiff, toMultiDiff } from "../../../src/extension/review/reviewDiffs.ts";
import {
  cleanTitle,
  maxBodyBytes,
  pullRequestBody,
  pullRequestTitle,
} from "../../../src/extension/ship/pullRequestText.ts";
import { FleetStatus, statusText } from "../../../src/extension/tree/fleetStatus.ts";
import { agentHover } from "../../../src/extension/tree/agentHover.ts";
import { nodeOf } from "../../../src/extension/tree/agentNode.ts";
import { terminalNodeOf } from "../../../src/extension/tree/hostNode.ts";
import { AppError } from "../../../src/base/appError.ts";
import { untranslated } from "../../../src/base/l10n.ts";
import { silentLogger } from "../../../src/base/logger.ts";
import { corpus } from "../../corpus/output/corpus.ts";
import { STATUS } from "../../../src/protocol/status.ts";
import { aFleet } from "../../support/aFleet.ts";
import { aFleetAgent, nowMs } from "../../support/aFleetAgent.ts";
import { aSummary } from "../../support/clientOnFakeHost.ts";
import { asks } from "../../support/anInbox.ts";
import { FakeClock, settle } from "../../support/fakeClock.ts";
import { fakeVscode } from "../../support/fakeVscode.ts";
import { aFile, anAgent, reviewedCommit } from "../extension/ship/anAgent.ts";

/** The zero-width space that keeps VS Code from reading an icon or a link is ours. */
const withoutOurs = (text: string) => text.replaceAll("$\u200b(", "$ (").replaceAll("]\u200b(", "] (");

/** As VS Code's notifications find links in a text. */
const notificationLink = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/gi;

/** What a label may be, wherever it stands: one line, of what can be seen. */
function expectLine(text: string, of: string) {
  expect(text, of).not.toMatch(/[\n\r\t]/);
  expect(countInvisible(withoutOurs(text)), of).toBe(0);
  expect(text.length, of).toBeLessThan(1000);
}

/** Where VS Code reads icons. What begins with one of ours is given without it. */
const labels: Readonly<Record<string, (text: string) => readonly string[]>> = {
  "the tree of agents": (text) => {
    const agent = aFleetAgent({ title: text, activity: text, place: text, repository: text, branch: text });
    const { label, description, spoken } = nodeOf(agent, nowMs);
    return [label, description, spoken];
  },
  "the tree of hosts": (text) => {
    const info = { resource: "ahp-terminal:/s/1", title: text, claim: { kind: "session", session: "s" } } as const;
    const { label, description, spoken } = terminalNodeOf(info, text);
    return [label, description, spoken];
  },
  "the inbox": (text) => {
    const waiting = { attention: "needsYou", need: "approval", title: text, place: text } as const;
    const agents = [
      aFleetAgent({ ...waiting, requests: [asks("1", text)] }),
      aFleetAgent({ ...waiting, requests: [asks("1", "", { toolInput: text, displayName: text })] }),
      aFleetAgent({ title: text, attention: "failed", activity: text }),
    ];
    const rows = agents.flatMap(itemsOf).map((item) => rowOf(item, nowMs));
    return rows.flatMap(({ label, description, detail }) => [label.replace(/^\$\([\w-]+\) /, ""), description, detail]);
  },
};

/** Where it does not. */
const titles: typeof labels = {
  "the title of a diff": (text) => {
    const file = aFile(text, { after: { uri: "x", blob: { sessionId: "s", oid: reviewedCommit }, sizeBytes: 1 } });
    const changes = {
      title: text,
      baseCommit: reviewedCommit,
      head: reviewedCommit,
      isMoving: false,
      snapshot: undefined,
      files: [file],
    };
    const diff = toFileDiff("h", changes, file);
    return [toMultiDiff("h", changes).title, ...(diff === undefined ? [] : [diff.title])];
  },
  "the title of a pull request": (text) => [pullRequestTitle(anAgent({ title: text, branch: text })), cleanTitle(text)],
};

/** Tokens of Markdown, also within others. */
function tokensOf(tokens: readonly Token[]): readonly Token[] {
  const found: Token[] = [];
  void marked.walkTokens([...tokens], (token) => void found.push(token));
  return found;
}

describe.each(corpus)("%s: what an agent says, in the editor's own places", (group, entries) => {
  it.each(Object.entries({ ...labels, ...titles }))(
    `${group}: is one line of what can be seen in %s`,
    (surface, linesOf) => {
      for (const [name, text] of Object.entries(entries)) {
        for (const line of linesOf(text)) {
          expectLine(line, name);
          if (Object.hasOwn(labels, surface)) expect(line, name).not.toContain("$(");
        }
      }
    },
  );

  it(`${group}: is words alone in a tooltip`, () => {
    for (const [name, text] of Object.entries(entries)) {
      const agent = aFleetAgent({ title: text, activity: text, branch: text, baseBranch: text, repository: text });
      const details = { prompt: text, model: text, fleet: undefined, forecast: undefined };
      const facts = { agent, details, hostName: text, agentName: text, parentTitle: text, titleOf: () => text };
      const hover = agentHover(facts, nowMs);
      expect(hover.isTrusted || hover.supportHtml || hover.supportThemeIcons, name).toBeFalsy();
      const kinds = new Set(tokensOf(marked.lexer(hover.value)).map(({ type }) => type));
      expect(
        Array.from(kinds).filter((kind) => !["paragraph", "strong", "text", "table", "space"].includes(kind)),
        name,
      ).toEqual([]);
      expect(countInvisible(hover.value), name).toBe(0);
    }
  });

  it(`${group}: is no link and no icon in a notification`, async () => {
    fakeVscode.reset();
    const dialogs = new Dialogs();
    const handlers = new Proxy({}, { get: () => () => undefined }) as never;
    const errors = new ErrorPresenter(dialogs, handlers, silentLogger, new FakeClock(), untranslated);
    for (const [name, text] of Object.entries(entries)) {
      fakeVscode.messages.length = 0;
      await dialogs.tell(text);
      await errors.present(new AppError("agent.failed", text), text);
      const standing = dialogs.stand(text, { title: "Answer", command: "muster.inbox.open" });
      const shown = [...fakeVscode.messages, ...(fakeVscode.progress ?? [])];
      standing.dispose();
      await settle();
      await dialogs.progress(text, async (report) => {
        report(text);
        shown.push(...(fakeVscode.progress ?? []));
      });
      expect(shown.length, name).toBe(4);
      const links = shown.flatMap((message) => Array.from(message.matchAll(notificationLink), ([link]) => link));
      expect(links, name).toEqual(["[Answer](command:muster.inbox.open)"]);
      const [, failure = ""] = shown;
      expectLine(failure, name);
    }
  });

  it(`${group}: is shown whole and visibly where it is judged`, () => {
    for (const [name, text] of Object.entries(entries)) {
      const request = asks("1", text);
      if (request.kind !== "toolConfirmation") continue;
      const { lines } = toRequestText(request);
      expect(countInvisible(lines.join("\n")), name).toBe(0);
      for (const line of lines) expect(Array.from(line).length, name).toBeLessThanOrEqual(90);
    }
  });

  it(`${group}: notifies nobody, loads nothing and hides nothing in the text of a pull request`, () => {
    for (const [name, text] of Object.entries(entries)) {
      const agent = anAgent({
        title: text,
        prompt: text,
        agentName: text,
        files: [aFile(text, { status: "renamed", oldPath: `old ${text}` })],
        tests: [{ command: text, exitCode: 0, succeeded: true }],
      });
      const body = pullRequestBody(agent, reviewedCommit);
      expect(countInvisible(body), name).toBe(0);
      expect(new TextEncoder().encode(body).length, name).toBeLessThanOrEqual(maxBodyBytes);
      const shown = tokensOf(marked.lexer(body)).filter(({ type }) => type === "html" || type === "image");
      expect(
        shown.map(({ raw }) => raw),
        name,
      ).toEqual([]);
      expect(body.match(/^Reviewed-Commit: .*$/gm), name).toEqual([`Reviewed-Commit: ${reviewedCommit}`]);
    }
  });
});

describe("the status bar", () => {
  it("CON-1..9: has nothing in it that an agent said", async () => {
    const texts = corpus.flatMap(([, entries]) => Object.values(entries));
    const { fleet, connections, clock } = await aFleet((host) => {
      for (const [index, title] of texts.entries()) {
        const uri = `ahp-session:/${index}`;
        host.sessions.set(uri, aSummary(uri, { title, activity: title, status: STATUS.inputNeeded }));
      }
    });
    const snoozes = { count: () => 0, onDidChange: () => ({ dispose: () => undefined }) };
    const status = new FleetStatus(
      fleet,
      connections,
      snoozes,
      { badge: undefined },
      { set: () => undefined } as never,
      clock,
    );
    expect(fleet.agents.size).toBe(texts.length);
    expect(fakeVscode.statusBar.at(-1)).toMatchObject(statusText(fleet.counts, texts.length));
    status.dispose();
  });
});

describe("the corpus of hostile output", () => {
  it("CON-1..9: has at least 400 outputs, none of them twice in its group", () => {
    const counts = corpus.map(([group, entries]) => {
      const texts = Object.values(entries);
      expect(new Set(texts).size, group).toBe(texts.length);
      return texts.length;
    });
    expect(counts.reduce((sum, count) => sum + count)).toBeGreaterThanOrEqual(400);
  });
});
