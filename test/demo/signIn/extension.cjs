"use strict";
// The demo's GitHub is a server on loopback, so VS Code's own GitHub account cannot sign in to it. This provider stands
// in for that account; everything after it (consent, scopes, the token's way to the host) is what a real account meets.
const vscode = require("vscode");

const sessions = [];
const changed = new vscode.EventEmitter();

const provider = {
  onDidChangeSessions: changed.event,
  getSessions: (scopes) =>
    Promise.resolve(
      scopes ? sessions.filter((session) => scopes.every((scope) => session.scopes.includes(scope))) : sessions,
    ),
  createSession(scopes) {
    const session = {
      id: `demo-${sessions.length + 1}`,
      accessToken: process.env.MUSTER_DEMO_GITHUB_TOKEN ?? "",
      account: { id: "demo", label: "demo" },
      scopes: [...scopes],
    };
    sessions.push(session);
    changed.fire({ added: [session], removed: [], changed: [] });
    return Promise.resolve(session);
  },
  removeSession(id) {
    const index = sessions.findIndex((session) => session.id === id);
    if (index >= 0) changed.fire({ added: [], removed: sessions.splice(index, 1), changed: [] });
    return Promise.resolve();
  },
};

exports.activate = (context) => {
  context.subscriptions.push(
    vscode.authentication.registerAuthenticationProvider("muster-demo-github", "GitHub (demo server)", provider),
  );
};
