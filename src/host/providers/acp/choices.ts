import type { Logger } from "../../../base/logger.ts";
import { cleanText } from "../../workspaces/gitFailure.ts";
import { type AcpChoices, type AcpConfigOption, valuesOf } from "./acpMessages.ts";
import { type AcpPeer, requestErrorText } from "./acpPeer.ts";

export interface Wishes {
  readonly model?: string | undefined;
  readonly mode?: string | undefined;
}

/**
 * Model and mode, where the conversation offers them: by its options, or by the older list of modes. A choice that it does
 * not offer or refuses is logged and does not stop the work. Resolves with the wishes that were granted.
 */
export async function choose(
  peer: AcpPeer,
  sessionId: string,
  offered: AcpChoices,
  wishes: Wishes,
  logger: Logger,
): Promise<Wishes> {
  const granted: { model?: string; mode?: string } = {};
  for (const name of ["model", "mode"] as const) {
    const value = wishes[name];
    if (value === undefined) continue;
    const option = optionOffering(offered, name, value);
    const isOlderMode = name === "mode" && offered.modes?.availableModes.some((each) => each.id === value);
    try {
      if (option !== undefined) await peer.setConfigOption(sessionId, option, value);
      else if (isOlderMode) await peer.setMode(sessionId, value);
      else {
        logger.warn("agent does not offer the choice", { name, value });
        continue;
      }
      granted[name] = value;
    } catch (error) {
      logger.warn("agent refused the choice", { name, value, reason: cleanText(requestErrorText(error)) });
    }
  }
  return granted;
}

/** The id of the select option of a category that offers a value, or undefined when the agent has no such choice. */
function optionOffering(offered: AcpChoices, category: string, value: string): string | undefined {
  const offers = (option: AcpConfigOption) =>
    option.category === category && valuesOf(option).some(({ id }) => id === value);
  return offered.configOptions?.find(offers)?.id;
}
