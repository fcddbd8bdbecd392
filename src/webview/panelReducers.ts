import type { StateAction } from "../protocol/actions.ts";
import { type ChangesetAction, reduceChangeset } from "../protocol/changeset.ts";
import { reduceChat } from "../protocol/chat.ts";
import type { ChatAction } from "../protocol/chatActions.ts";
import type { PanelKind } from "../protocol/panel.ts";
import type { ChannelStates } from "../protocol/reduce.ts";
import { reduceSession, type SessionAction } from "../protocol/session.ts";

export type FoldedKind = Exclude<PanelKind, "fleetSession">;

/**
 * The reducers of the channels that the page folds: `reduce` knows all kinds, and would bring their schemas into the page.
 * An action of another channel folds to no change. Of the fleet plane the page gets whole states.
 */
export const panelReducers: {
  readonly [K in FoldedKind]: (state: ChannelStates[K], action: StateAction) => ChannelStates[K];
} = {
  session: (state, action) => reduceSession(state, action as SessionAction),
  chat: (state, action) => reduceChat(state, action as ChatAction),
  changeset: (state, action) => reduceChangeset(state, action as ChangesetAction),
};
