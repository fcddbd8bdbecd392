/** What a description says, piece by piece. Each is Markdown that begins with a heading of its own. */
export interface DescriptionParts {
  readonly task: string;
  readonly changes: string;
  readonly tested: string;
}

type Part = keyof DescriptionParts;

/** Which heading of a template asks for which part. The first that fits gets it. */
const asks: readonly (readonly [Part, RegExp])[] = [
  ["tested", /\b(?:test|tests|tested|testing|verif\w+|how has this been)\b/i],
  ["changes", /\b(?:changes|what changed|what does)\b/i],
  ["task", /\b(?:summary|description|overview|purpose|motivation|context|why|what)\b/i],
];
const heading = /^#{1,6}\s+(\S.*)?$/;

/**
 * A repository's template with the parts under the headings that ask for them, and before it those that no heading asks
 * for. Nothing of the template is left out.
 */
export function fillTemplate(template: string, parts: DescriptionParts): string {
  const left = new Map<Part, string>(Object.entries(parts) as [Part, string][]);
  let isCode = false;
  const lines = template
    .replaceAll("\r\n", "\n")
    .trim()
    .split("\n")
    .flatMap((line) => {
      if (/^\s*(?:```|~~~)/.test(line)) isCode = !isCode;
      const title = isCode ? undefined : heading.exec(line)?.[1];
      const part =
        title === undefined ? undefined : asks.find(([name, asked]) => left.has(name) && asked.test(title))?.[0];
      if (part === undefined) return [line];
      const text = left.get(part)?.replace(/^#.*\n+/, "") ?? "";
      left.delete(part);
      return [line, "", text, ""];
    });
  return [...left.values(), lines.join("\n")]
    .join("\n\n")
    .replaceAll(/\n{3,}/g, "\n\n")
    .trim();
}
