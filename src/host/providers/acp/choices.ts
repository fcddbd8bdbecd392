import type { Logger } from "../../../base/logger.ts";
import type { AgentAbout } from "../../../protocol/fleetMeta.ts";
import { cleanText } from "../../workspaces/gitFailure.ts";
import type { Wishes } from "../provider.ts";
import { type AcpChoices, type AcpConfigOption, type AcpUpdate, valuesOf } from "./acpMessages.ts";
import { type AcpPeer, requestErrorText } from "./acpPeer.ts";
import { choicesOf } from "./agentAbout.ts";

/** What a conversation lets people choose, and what is chosen: by its options, or by the older list of modes. */
export class AgentChoices {
  #present: AcpChoices;

  constructor(offered: AcpChoices) {
    this.#present = offered;
  }

  get about(): Pick<AgentAbout, "modes" | "models"> {
    return choicesOf(this.#present);
  }

  /** The agent may choose for itself, such as to leave a mode in which it only plans. */
  note(update: AcpUpdate): void {
    const { modes } = this.#present;
    if (update.sessionUpdate === "config_option_update") {
      this.#present = { ...this.#present, configOptions: update.configOptions };
    } else if (update.sessionUpdate === "current_mode_update" && modes) {
      this.#present = { ...this.#present, modes: { ...modes, currentModeId: update.currentModeId } };
    }
  }

  /** A choice that the conversation does not offer or refuses is logged and does not stop the work. */
  async choose(peer: AcpPeer, sessionId: string, wishes: Wishes, logger: Logger): Promise<void> {
    for (const name of ["model", "mode"] as const) {
      const value = wishes[name];
      if (value === undefined || value === this.about[`${name}s`]?.current) continue;
      try {
        if (await this.#grant(peer, sessionId, name, value)) continue;
        logger.warn("agent does not offer the choice", { name, value });
      } catch (error) {
        logger.warn("agent refused the choice", { name, value, reason: cleanText(requestErrorText(error)) });
      }
    }
  }

  async #grant(peer: AcpPeer, sessionId: string, name: "model" | "mode", value: string): Promise<boolean> {
    const { modes, configOptions = [] } = this.#present;
    const offers = (option: AcpConfigOption) =>
      option.category === name && valuesOf(option).some(({ id }) => id === value);
    const option = configOptions?.find(offers)?.id;
    if (option !== undefined) {
      const told = await peer.setConfigOption(sessionId, option, value);
      this.note({
        sessionUpdate: "config_option_update",
        configOptions: told ?? withValue(configOptions ?? [], option, value),
      });
      return true;
    }
    if (name !== "mode" || !modes?.availableModes.some(({ id }) => id === value)) return false;
    await peer.setMode(sessionId, value);
    this.note({ sessionUpdate: "current_mode_update", currentModeId: value });
    return true;
  }
}

function withValue(options: readonly AcpConfigOption[], id: string, currentValue: string): AcpConfigOption[] {
  return options.map((option) => (option.id === id ? { ...option, currentValue } : option));
}
