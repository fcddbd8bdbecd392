import type { Locator } from "playwright-core";
import type { Workbench } from "../support/vscode/workbench.ts";
import { Notifications } from "./pages/notifications.ts";
import { QuickInput } from "./pages/quickInput.ts";
import { ReviewEditor } from "./pages/reviewEditor.ts";
import { SessionPanel } from "./pages/sessionPanel.ts";
import { AgentsView, HostsView } from "./pages/treeViews.ts";

/**
 * What a person does with Muster, step by step, through the workbench alone. Nothing is asserted here: a step resolves
 * when VS Code shows that it has happened, and fails by the element that did not come.
 */

export interface HostAddress {
  readonly url: string;
  readonly token: string;
}

export interface LaunchAnswers {
  /** Display name of the kind of agent. */
  readonly agent: string;
  readonly repository: string;
  readonly baseBranch?: string;
  /** Its first line is the agent's title. */
  readonly prompt: string;
}

/** Answers the two questions of "Add Host" and leaves the outcome to whoever looks. */
export async function enterHost(workbench: Workbench, address: HostAddress): Promise<void> {
  await workbench.command("Muster: Add Host…");
  await answerHost(workbench, address);
}

/** Answers address and token, whichever form asks for them. */
export async function answerHost(workbench: Workbench, address: HostAddress): Promise<void> {
  const input = new QuickInput(workbench);
  // By number: a form that comes back shows its problem where the question was.
  await input.step("(1/2)");
  await input.enter(address.url);
  await input.step("(2/2)");
  await input.enter(address.token);
}

/** Adds a host and waits until it is connected. */
export async function addHost(workbench: Workbench, address: HostAddress): Promise<void> {
  await enterHost(workbench, address);
  const hosts = new HostsView(workbench);
  await hosts.show();
  await hosts.row(new URL(address.url).host, /\bconnected\b/).waitFor();
  await new AgentsView(workbench).show();
}

/**
 * Launches an agent; resolves when its panel is in front. Returns the agent's title. Answers what is asked, which is all of
 * it the first time and the prompt alone the next; what the line of choices does not name is changed in the form.
 */
export async function launchAgent(workbench: Workbench, answers: LaunchAnswers): Promise<string> {
  const input = new QuickInput(workbench);
  const { agent, repository, baseBranch = "", prompt } = answers;
  await workbench.command("Muster: Launch Agent…");
  const question = input.stepLocator("What should the agent do?");
  const kind = input.stepLocator("Which kind of agent?");
  const place = input.stepLocator(/Which repository|Address of the repository/);
  const branch = input.stepLocator("Branch to start from");
  for (;;) {
    await question.or(kind).or(place).or(branch).first().waitFor();
    if (await question.isVisible()) break;
    if (await kind.isVisible()) {
      await input.pick(agent);
      await kind.waitFor({ state: "hidden" });
    } else if (await place.isVisible()) {
      await input.field.fill(repository);
      await input.pick(repository);
      await place.waitFor({ state: "hidden" });
    } else {
      await input.enter(baseBranch);
      await branch.waitFor({ state: "hidden" });
    }
  }
  const name = repository
    .replace(/\.git$/, "")
    .split("/")
    .slice(-2)
    .join("/");
  const wanted = `${agent} on ${name} (${baseBranch || "default branch"})`;
  if ((await input.message.innerText()).includes(wanted)) await input.enter(prompt);
  else await launchByForm(workbench, answers);
  const title = prompt.split("\n")[0] ?? prompt;
  await new SessionPanel(workbench).ready(title);
  return title;
}

/** From the prompt's box: sets every choice in the form, and launches. */
async function launchByForm(workbench: Workbench, answers: LaunchAnswers): Promise<void> {
  const input = new QuickInput(workbench);
  const list = "Launch, or choose what to change";
  await input.field.fill(answers.prompt);
  await input.button("Change the choices").click();
  await input.step(list);
  if ((await input.rows.filter({ hasText: answers.agent }).count()) === 0) {
    await input.choose("Agent");
    await input.step("Which kind of agent?");
    await input.pick(answers.agent);
    await input.step(list);
  }
  await input.choose("Repository");
  await input.step(/repository/i);
  await input.field.fill(answers.repository);
  await input.pick(answers.repository);
  await input.stepLocator(list).or(input.stepLocator("Branch to start from")).first().waitFor();
  if (await input.stepLocator(list).isVisible()) await input.choose("Base branch");
  await input.step("Branch to start from");
  await input.enter(answers.baseBranch ?? "");
  await input.step(list);
  await input.choose("Launch");
}

/** @param spoken the state to wait for, as a screen reader says it: `/needs your approval/`. */
export async function waitForRow(workbench: Workbench, title: string, spoken?: RegExp): Promise<void> {
  await new AgentsView(workbench).row(title, spoken).waitFor();
}

export async function openAgent(workbench: Workbench, title: string): Promise<SessionPanel> {
  await new AgentsView(workbench).row(title).click();
  const panel = new SessionPanel(workbench);
  await panel.ready(title);
  return panel;
}

/** Approves what the agent asks for from its row, after the request was shown. */
export async function approveFromTree(workbench: Workbench, title: string): Promise<void> {
  const agents = new AgentsView(workbench);
  const input = new QuickInput(workbench);
  await agents.row(title, /needs your approval/).waitFor();
  await agents.inlineAction(title, "Approve Request");
  await input.step(/Allow this/);
  await input.pick("Approve");
  await input.root.waitFor({ state: "hidden" });
}

/** Stops the agent from its row; resolves when it works no longer. */
export async function stopFromTree(workbench: Workbench, title: string): Promise<void> {
  const agents = new AgentsView(workbench);
  await agents.inlineAction(title, "Stop Agent");
  await agents.row(title, /working/).waitFor({ state: "detached" });
}

/** Approves what the agent asks for in its panel. */
export async function approveInPanel(workbench: Workbench, title: string): Promise<void> {
  const panel = await openAgent(workbench, title);
  await panel.approve();
  await panel.approval.waitFor({ state: "detached" });
}

/** Opens the agent's changes in VS Code's multi-file diff. */
export async function review(workbench: Workbench, title: string): Promise<ReviewEditor> {
  await new AgentsView(workbench).contextAction(title, "Review Changes");
  const editor = new ReviewEditor(workbench);
  await editor.ready();
  return editor;
}

export interface CreatedPullRequest {
  readonly number: number;
  /** The sentence that told of it. */
  readonly sentence: string;
  /** Every question that was answered with yes on the way. */
  readonly agreedTo: readonly string[];
}

/** Creates a draft pull request with the prefilled title, base and description. The changes must have been reviewed. */
export async function createPullRequest(workbench: Workbench, title: string): Promise<CreatedPullRequest> {
  const input = new QuickInput(workbench);
  const notifications = new Notifications(workbench);
  await new AgentsView(workbench).contextAction(title, "Create Pull Request…");
  const agreedTo = await agreeUntil(workbench, input.stepLocator("Title of the pull request"));
  await input.field.press("Enter");
  await input.step("Branch that the changes shall go into");
  await input.field.press("Enter");
  await input.pick("Create Draft Pull Request");
  agreedTo.push(...(await agreeUntil(workbench, notifications.toast(/pull request #\d+/))));
  const sentence = await notifications.read(/pull request #\d+/);
  return { number: Number(/#(\d+)/.exec(sentence)?.[1]), sentence, agreedTo };
}

/** Asks for a pull request and refuses the use of the GitHub account when VS Code asks for it, which is before the form. */
export async function declineGitHub(workbench: Workbench, title: string): Promise<void> {
  await new AgentsView(workbench).contextAction(title, "Create Pull Request…");
  const notifications = new Notifications(workbench);
  const question = "wants to sign in using";
  await agreeUntil(workbench, notifications.dialog(question));
  await notifications.answer(question, "Cancel");
}

/**
 * Answers every question on the way with yes (to use the GitHub account, to lend it to the host, to go on despite
 * warnings) until `next` is shown. Returns the questions.
 */
export async function agreeUntil(workbench: Workbench, next: Locator): Promise<string[]> {
  const agreedTo: string[] = [];
  const input = new QuickInput(workbench);
  const yes = new Notifications(workbench).dialog().getByRole("button", { name: /^(Allow|Continue)$/ });
  const account = input.stepLocator("Select an account");
  for (;;) {
    await next.or(yes).or(account).filter({ visible: true }).first().waitFor();
    if (await next.first().isVisible()) return agreedTo;
    if (await yes.isVisible()) {
      const text = await new Notifications(workbench).dialog().locator(".dialog-message-container").innerText();
      agreedTo.push(text.replaceAll(/\s+/g, " ").trim());
      const pressed = await yes.elementHandle();
      await yes.click();
      await pressed?.waitForElementState("hidden");
    } else if (await account.isVisible()) {
      await input.rows.first().click();
      await account.waitFor({ state: "hidden" });
    }
  }
}
