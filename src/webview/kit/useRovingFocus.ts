import { useCallback } from "preact/hooks";

/**
 * Arrow keys, Home and End among the items of a list: one Tab enters it, one leaves it. Items are the elements that match
 * `selector` within the element that has the handler; the first has `tabIndex` 0 and the others -1 until one is focused.
 */
export function useRovingFocus(selector: string): (event: KeyboardEvent) => void {
  return useCallback(
    (event) => {
      const list = event.currentTarget;
      if (!(list instanceof HTMLElement) || event.altKey || event.ctrlKey || event.metaKey) return;
      const items = Array.from(list.querySelectorAll<HTMLElement>(selector));
      const at = items.findIndex((item) => item === event.target);
      const next = nextOf(event.key, at, items.length);
      if (at < 0 || next === undefined) return;
      event.preventDefault();
      for (const item of items) item.tabIndex = -1;
      const target = items[next];
      if (target === undefined) return;
      target.tabIndex = 0;
      target.focus();
    },
    [selector],
  );
}

function nextOf(key: string, at: number, count: number): number | undefined {
  switch (key) {
    case "ArrowDown":
      return Math.min(count - 1, at + 1);
    case "ArrowUp":
      return Math.max(0, at - 1);
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return undefined;
  }
}
