export interface WebviewPageOptions {
  /** For screen readers. */
  readonly title: string;
  /** Of the texts, as `vscode.env.language` has it. */
  readonly language: string;
  /** The page's texts in that language, by the English ones; none where they are English. */
  readonly texts: Readonly<Record<string, string>> | undefined;
  /** `webview.cspSource`. */
  readonly cspSource: string;
  /** Webview URIs of the bundle. */
  readonly script: string;
  readonly style: string;
  /** Random, one a page: the script's licence to run. */
  readonly scriptNonce: string;
  /** Random, one a page: proves that a message is of this page. Not a secret from the page's own script. */
  readonly messageNonce: string;
}

/**
 * The policy of the page: our bundle and nothing else. No inline script or style, no remote picture, font or request,
 * and no string may become markup (Trusted Types without a policy).
 */
export function contentSecurityPolicy(cspSource: string, scriptNonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${scriptNonce}'`,
    `style-src ${cspSource}`,
    `font-src ${cspSource}`,
    `img-src ${cspSource} data:`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

/** The page of a webview. Nothing of an agent or a host is in it: all of that comes by message. */
export function webviewPage(options: WebviewPageOptions): string {
  const { title, language, texts, cspSource, script, style, scriptNonce, messageNonce } = options;
  const translated = texts === undefined ? "" : ` data-texts="${escapeAttribute(JSON.stringify(texts))}"`;
  return `<!DOCTYPE html>
<html lang="${escapeAttribute(texts === undefined ? "en" : language)}">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="${escapeAttribute(contentSecurityPolicy(cspSource, scriptNonce))}" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <link rel="stylesheet" href="${escapeAttribute(style)}" />
    <title>${escapeAttribute(title)}</title>
  </head>
  <body data-nonce="${escapeAttribute(messageNonce)}"${translated}>
    <script type="module" nonce="${escapeAttribute(scriptNonce)}" src="${escapeAttribute(script)}"></script>
  </body>
</html>`;
}

function escapeAttribute(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}
