import type { Locator } from "playwright-core";
import type { Workbench } from "../../support/vscode/workbench.ts";

/** VS Code's page with the steps of a walkthrough. */
export class Walkthrough {
  readonly #workbench: Workbench;

  constructor(workbench: Workbench) {
    this.#workbench = workbench;
  }

  get #steps(): Locator {
    return this.#workbench.page.locator(".gettingStartedContainer .getting-started-step");
  }

  step(title: string): Locator {
    return this.#steps.filter({ hasText: title });
  }

  /** Steps that are ticked off. */
  get done(): Locator {
    return this.#steps.filter({ has: this.#workbench.page.locator(".codicon-getting-started-step-checked.complete") });
  }

  doneStep(title: string): Locator {
    return this.done.filter({ hasText: title });
  }

  /** The picture beside the step that is open, once it is drawn. */
  get picture(): Locator {
    return this.#workbench.webview().locator("svg");
  }

  async press(button: string): Promise<void> {
    await this.#workbench.page
      .locator(".gettingStartedContainer")
      .getByRole("button", { name: button })
      .first()
      .click();
  }
}
