import { beforeEach, describe, expect, it } from "vitest";
import { defaultGitHubServer } from "../../../../src/extension/ship/gitHubServers.ts";
import { issueReferences } from "../../../../src/extension/ship/linkedIssues.ts";
import type { FormDraft } from "../../../../src/extension/ship/pullRequestDrafts.ts";
import {
  type FormContext,
  type FormValues,
  type PullRequestBase,
  QuickPullRequestForm,
} from "../../../../src/extension/ship/pullRequestForm.ts";
import { settle } from "../../../support/fakeClock.ts";
import { fakeVscode } from "../../../support/fakeVscode.ts";
import { anAgent } from "./anAgent.ts";

const fork: PullRequestBase = {
  repository: { server: defaultGitHubServer, owner: "o", repo: "r" },
  defaultBranch: "main",
  head: "agent/x",
};
const upstream: PullRequestBase = { ...fork, repository: { ...fork.repository, owner: "up" }, head: "o:agent/x" };
const prefilled: FormValues = {
  title: "Fix",
  base: fork,
  baseBranch: "main",
  body: "Words",
  isDraft: true,
  extras: { reviewers: [], assignees: [], labels: [], milestone: undefined },
  closes: [],
};

/** A form in front of a person. */
function aForm(changes: Partial<FormContext> = {}) {
  const drafts: FormDraft[] = [];
  const asked: string[] = [];
  const context: FormContext = {
    agent: anAgent(),
    bases: [fork],
    findings: [{ kind: "notTested", severity: "note", sentence: "Nothing was tested." }],
    issues: issueReferences("#12 and #13", fork.repository),
    choices: async ({ owner }) => {
      asked.push(owner);
      return { people: ["ann", "bob"], labels: ["bug"], milestones: [{ number: 3, title: "1.0" }] };
    },
    updateFromBase: async () => void asked.push("update"),
    ...changes,
  };
  const result = new QuickPullRequestForm().ask(prefilled, context, (draft) => void drafts.push(draft));
  return { result, drafts, asked };
}

const open = () => fakeVscode.quickInputs.open;
async function enter(text?: string): Promise<void> {
  await settle();
  if (text === undefined) open().accept();
  else open().enter(text);
  await settle();
}
async function choose(label: string): Promise<void> {
  open().choose(label);
  await settle();
}
async function tick(...labels: readonly string[]): Promise<void> {
  open().tick(...labels);
  open().accept();
  await settle();
}

beforeEach(() => fakeVscode.reset());

describe("the form of a pull request", () => {
  it("asks for title and base, and makes what is chosen", async () => {
    const { result, drafts, asked } = aForm();
    await enter("Better");
    await enter();
    expect(open().placeholder).toContain("→ main: 1 file, +3 −1");
    expect(open().labels).toContain("$(info) Nothing was tested.");
    await choose("Create Pull Request");
    expect(await result).toMatchObject({ title: "Better", isDraft: false, closes: [] });
    expect(drafts.at(-1)).toEqual({ title: "Better" });
    // GitHub is asked for what there is to choose from only when somebody chooses.
    expect(asked).toEqual([]);
  });

  it("offers to update from the base that has moved, and ends for it", async () => {
    const findings = [{ kind: "behindBase", severity: "note", sentence: "It is behind.", isOfBase: true }] as const;
    const { result, asked } = aForm({ findings });
    await enter("Typed");
    await enter();
    await choose("It is behind.");
    expect(await result).toBeUndefined();
    expect(asked).toEqual(["update"]);
  });

  it("takes reviewers, assignees, labels, a milestone and issues to close, and keeps them when it is left", async () => {
    const { result, drafts, asked } = aForm();
    await enter();
    await enter();
    await choose("Reviewers");
    await tick("ann", "bob");
    expect(open().row("Reviewers").description).toBe("ann, bob");
    await choose("Assignees");
    await tick("bob");
    await choose("Labels");
    await tick("bug");
    await choose("Milestone");
    await choose("1.0");
    await choose("Issues That It Closes");
    expect(open().selectedItems).toEqual([]);
    await tick("#13");
    const extras = { reviewers: ["ann", "bob"], assignees: ["bob"], labels: ["bug"], milestone: 3 };
    expect(drafts.at(-1)).toEqual({ extras, closes: ["#13"] });
    await choose("Create Draft");
    expect(await result).toMatchObject({ isDraft: true, extras, closes: ["#13"] });
    expect(asked).toEqual(["o"]);
  });

  it("takes numbers where the task names no issue", async () => {
    const { result } = aForm({ issues: [] });
    await enter();
    await enter();
    await choose("Issues That It Closes");
    open().enter("twelve");
    expect(open().validationMessage).toBe("Enter numbers, such as 12.");
    await enter("12, #34");
    await choose("Create Draft");
    expect(await result).toMatchObject({ closes: ["#12", "#34"] });
  });

  it("goes back a step, and ends without anything when it is left", async () => {
    const { result } = aForm();
    await enter();
    await enter();
    open().press("Back");
    await settle();
    expect(open().prompt).toContain("Branch");
    open().press("Back");
    await settle();
    expect(open().prompt).toContain("Title");
    open().hide();
    expect(await result).toBeUndefined();
  });

  it("asks where to from a fork", async () => {
    const { result } = aForm({ bases: [upstream, fork] });
    await enter();
    expect(open().labels).toEqual(["up/r", "o/r"]);
    await choose("up/r");
    await enter();
    await choose("Create Draft");
    expect(await result).toMatchObject({ base: upstream });
  });

  it("takes no name that is none of a branch, and no empty title", async () => {
    const { result } = aForm();
    await enter(" ");
    expect(open().validationMessage).toBe("Enter a title.");
    await enter("T");
    await enter("a..b");
    expect(open().validationMessage).toBe("No branch has such a name.");
    open().hide();
    expect(await result).toBeUndefined();
  });
});
