import { useState } from "preact/hooks";
import { usePanel } from "./panelContext.ts";

/**
 * A text that a person types, by what it is for: another tab and a page that is dropped while it is hidden leave it as it
 * is. `undefined` lets go of it.
 */
export function useTyped(key: string): readonly [string | undefined, (text: string | undefined) => void] {
  const panel = usePanel();
  const [text, setText] = useState(() => panel.typed(key));
  return [
    text,
    (next) => {
      setText(next);
      panel.keepTyped(key, next);
    },
  ];
}
