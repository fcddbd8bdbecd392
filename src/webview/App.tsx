import { signal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { PanelMemory } from "../protocol/panel.ts";
import { ChangesView } from "./changes/ChangesView.tsx";
import { Header } from "./header/Header.tsx";
import { Icon } from "./kit/Icon.tsx";
import { usePanel } from "./kit/panelContext.ts";
import { LogView } from "./log/LogView.tsx";
import { toolLogsOf } from "./log/toolLogs.ts";
import { Composer } from "./transcript/Composer.tsx";
import { Transcript } from "./transcript/Transcript.tsx";

type Tab = NonNullable<PanelMemory["tab"]>;

const tabs: readonly { readonly id: Tab; readonly title: string; readonly icon: string }[] = [
  { id: "transcript", title: "Transcript", icon: "comment-discussion" },
  { id: "log", title: "Log", icon: "terminal" },
  { id: "changes", title: "Changes", icon: "diff" },
];

/** The whole page of one agent. */
export function App() {
  const panel = usePanel();
  const current = useRef(signal<Tab>(panel.memory.tab ?? "transcript")).current;
  const select = (tab: Tab) => {
    current.value = tab;
    panel.remember({ tab });
  };
  const problem = panel.store.facts.value?.problem;
  return (
    <div class="page">
      <Header />
      {problem === undefined || panel.store.chat.value === undefined ? null : (
        <p class="banner" role="alert">
          <Icon name="warning" /> {problem}
        </p>
      )}
      <Tabs current={current.value} onSelect={select} />
      <div class="tab-panel" role="tabpanel" id="tab-panel" aria-labelledby={`tab-${current.value}`}>
        {current.value === "transcript" ? <Transcript /> : current.value === "log" ? <LogView /> : <ChangesView />}
      </div>
      <Failure />
      {current.value === "transcript" ? <Composer /> : null}
    </div>
  );
}

function Tabs({ current, onSelect }: { current: Tab; onSelect: (tab: Tab) => void }) {
  const store = usePanel().store;
  const counts: Record<Tab, number> = {
    transcript: 0,
    log: toolLogsOf(store.chat.value).length,
    changes: store.changeset.value?.files.length ?? 0,
  };
  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const index = tabs.findIndex((tab) => tab.id === current);
    const next = tabs[(index + step + tabs.length) % tabs.length];
    if (next === undefined) return;
    onSelect(next.id);
    document.getElementById(`tab-${next.id}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label="Views of the agent" onKeyDown={move}>
      {tabs.map((tab) => (
        <button
          key={tab.id}
          type="button"
          role="tab"
          id={`tab-${tab.id}`}
          class="tab"
          aria-selected={tab.id === current}
          aria-controls="tab-panel"
          tabIndex={tab.id === current ? 0 : -1}
          onClick={() => onSelect(tab.id)}
        >
          <Icon name={tab.icon} /> {tab.title}
          {counts[tab.id] > 0 ? <span class="tab-count">{counts[tab.id]}</span> : null}
        </button>
      ))}
    </div>
  );
}

/** The last thing that did not work, in one sentence, until it is waved away or something works. */
function Failure() {
  const { failure } = usePanel();
  if (failure.value === undefined) return null;
  return (
    <p class="banner error" role="alert">
      <Icon name="error" /> <span class="banner-text">{failure.value}</span>
      <button
        type="button"
        class="icon-button"
        aria-label="Dismiss"
        title="Dismiss"
        onClick={() => {
          failure.value = undefined;
        }}
      >
        <Icon name="close" />
      </button>
    </p>
  );
}
