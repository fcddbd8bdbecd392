import { cleanup, screen, waitFor } from "@testing-library/preact";
import { afterEach, describe, expect, it } from "vitest";
import type { PanelItem } from "../../src/protocol/panel.ts";
import { Page } from "./aPage.tsx";

afterEach(cleanup);

function aPage(memory: ConstructorParameters<typeof Page>[0] = {}) {
  const page = new Page(memory);
  page.chat();
  page.show();
  return page;
}

describe("an agent on a host without the fleet plane", () => {
  const uri = "file:///code/widgets.worktrees/tidy/src/new%20file.ts";
  const changeset: PanelItem = {
    type: "snapshot",
    kind: "changeset",
    uri: "copilotcli:/1/changeset/branch",
    state: { status: "ready", files: [{ id: uri, edit: { after: { uri, content: { uri } } } }] },
  };
  const changes = { label: "Branch Changes", description: "agents/tidy → main" };

  it("tells its folder and branch, and offers no pull request", async () => {
    const page = aPage();
    page.facts({ canShip: false, changes });
    page.session({
      workingDirectories: ["file:///code/widgets.worktrees/tidy"],
      _meta: { git: { branchName: "agents/tidy" } },
    });
    page.push(changeset);
    await waitFor(() => screen.getByText("tidy"));
    screen.getByText("agents/tidy");
    expect(screen.queryByRole("button", { name: /pull request/i })).toBeNull();
    expect(screen.queryByText(/not isolated/)).toBeNull();
    expect(screen.getAllByRole("button", { name: /Review changes/ }).length).toBeGreaterThan(0);
  });

  it("says which of the host's changesets is shown, with paths inside the folder", async () => {
    const page = aPage({ tab: "changes" });
    page.facts({ canShip: false, changes });
    page.session({ workingDirectories: ["file:///code/widgets.worktrees/tidy"] });
    page.push(changeset);
    await waitFor(() => screen.getByText(/in Branch Changes \(agents\/tidy → main\)/));
    expect(screen.getByTitle("src/new file.ts").textContent).toContain("src");
    expect(screen.queryByText(/code\/widgets/)).toBeNull();
  });

  it("does not claim to compute changes that no host has named", async () => {
    const page = aPage({ tab: "changes" });
    page.facts({ canShip: false });
    page.session({ changesets: [] });
    await waitFor(() => screen.getByText(/The host tells them once the agent has begun/));
  });
});
