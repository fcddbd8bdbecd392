import { ChangesView } from "./changes/ChangesView.tsx";
import { Header } from "./header/Header.tsx";
import { Icon } from "./kit/Icon.tsx";
import { usePanel } from "./kit/panelContext.ts";
import { LogView } from "./log/LogView.tsx";
import { toolLogsOf } from "./log/toolLogs.ts";
import { Announcer } from "./kit/Announcer.tsx";
import type { Tab } from "./panelClient.ts";
import { TimelineView } from "./timeline/TimelineView.tsx";
import { Composer } from "./transcript/Composer.tsx";
import { Plan } from "./transcript/Plan.tsx";
import { Queue } from "./transcript/Queue.tsx";
import { Transcript } from "./transcript/Transcript.tsx";
import { t } from "./kit/l10n.ts";

const tabs: readonly { readonly id: Tab; readonly title: string; readonly icon: string }[] = [
  { id: "transcript", title: t("Transcript"), icon: "comment-discussion" },
  { id: "log", title: t("Log"), icon: "terminal" },
  { id: "changes", title: t("Changes"), icon: "diff" },
  { id: "timeline", title: t("Timeline"), icon: "history" },
];

/** The whole page of one agent. */
export function App() {
  const panel = usePanel();
  const current = panel.tab.value;
  const problem = panel.store.facts.value?.problem;
  return (
    <div class="page">
      <Header />
      {problem === undefined || panel.store.chat.value === undefined ? null : (
        <p class="banner" role="alert">
          <Icon name="warning" /> {problem}
        </p>
      )}
      <Tabs current={current} />
      <div class="tab-panel" role="tabpanel" id="tab-panel" aria-labelledby={`tab-${current}`}>
        <TabPanel current={current} />
      </div>
      <Failure />
      {current === "transcript" ? (
        <div class="dock">
          <Plan />
          <Queue />
          <Composer />
        </div>
      ) : null}
      <Announcer />
    </div>
  );
}

function TabPanel({ current }: { current: Tab }) {
  switch (current) {
    case "transcript":
      return <Transcript />;
    case "log":
      return <LogView />;
    case "changes":
      return <ChangesView />;
    case "timeline":
    default:
      return <TimelineView />;
  }
}

function Tabs({ current }: { current: Tab }) {
  const panel = usePanel();
  const { store } = panel;
  const counts: Record<Tab, number> = {
    transcript: 0,
    log: toolLogsOf(store.chat.value).length,
    changes: store.changeset.value?.files.length ?? 0,
    timeline: 0,
  };
  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const index = tabs.findIndex((tab) => tab.id === current);
    const next = tabs[(index + step + tabs.length) % tabs.length];
    if (next === undefined) return;
    panel.select(next.id);
    document.getElementById(`tab-${next.id}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label={t("Views of the agent")} onKeyDown={move}>
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
          onClick={() => panel.select(tab.id)}
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
        aria-label={t("Dismiss")}
        title={t("Dismiss")}
        onClick={() => {
          failure.value = undefined;
        }}
      >
        <Icon name="close" />
      </button>
    </p>
  );
}
