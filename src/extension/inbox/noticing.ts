import * as vscode from "vscode";
import { type Disposable, Disposables } from "../../base/disposables.ts";
import type { StatePort } from "../platform/statePort.ts";
import { AttentionNotices, type NoticeOptions } from "./attentionNotices.ts";
import { NoticeLease } from "./noticeLease.ts";

export interface NoticingOptions extends Omit<NoticeOptions, "lease"> {
  /** What all windows share. */
  readonly state: StatePort;
  readonly newId: () => string;
}

/** Notifications of agents that need somebody, told by one of the windows: the one that the person is in. */
export function startNoticing({ state, newId, ...options }: NoticingOptions): Disposable {
  const owned = new Disposables();
  const lease = owned.add(
    new NoticeLease({
      state,
      windowId: newId(),
      isFocused: () => vscode.window.state.focused,
      onDidFocus: (listener) => vscode.window.onDidChangeWindowState(({ focused }) => focused && listener(focused)),
      clock: options.clock,
      random: Math.random,
    }),
  );
  owned.add(new AttentionNotices({ ...options, lease }));
  return owned;
}
